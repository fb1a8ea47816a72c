//! What Cohere's models differ in, as far as a request must know it.

/// How names of models begin that do not reason and refuse `thinking` (models overview). All
/// others are taken for newer ones, which do.
const PLAIN: [&str; 9] = [
    "aya",
    "c4ai-",
    "command-a-03-2025",
    "command-a-translate",
    "command-a-vision",
    "command-light",
    "command-r-",
    "command-r7b",
    "tiny-aya",
];

/// Whether the model takes `thinking`.
pub(super) fn reasons(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    !matches!(name, "command" | "command-r") && !PLAIN.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_models_do_not_reason() {
        for name in [
            "command",
            "command-r",
            "command-r-08-2024",
            "command-r7b-12-2024",
            "cohere/command-a-03-2025",
            "command-a-vision-07-2025",
            "c4ai-aya-expanse-32b",
        ] {
            assert!(!reasons(name), "{name}");
        }
        for name in ["command-a-reasoning-08-2025", "command-a-plus"] {
            assert!(reasons(name), "{name}");
        }
    }
}
