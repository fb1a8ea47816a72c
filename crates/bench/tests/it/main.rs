//! The binary as it is used: mock, floor and load as processes.

#[cfg(test)]
mod floor;
#[cfg(test)]
mod processes;
