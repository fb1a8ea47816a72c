//! The mock upstream, seen through the test client; the gateway process, seen through a stand-in.

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod dialects;
#[cfg(test)]
mod gateway;
#[cfg(feature = "schemas")]
#[cfg(test)]
mod schemas;
