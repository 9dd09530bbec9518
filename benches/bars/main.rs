//! What unreach may cost: figures with a bar each, measured here and now against what they are compared with.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod figures;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    #[cfg(target_os = "linux")]
    if let Some((part, words)) = words.split_first()
        && let Some(status) = figures::play(part, words)
    {
        return status;
    }
    let has = |word: &str| words.iter().any(|given| given == word);
    if !has("--bench") && !has("--bars") {
        // `cargo test --all-targets` comes by here.
        println!("nothing measured: run it as `cargo bench --bench bars`");
        return ExitCode::SUCCESS;
    }
    #[cfg(target_os = "linux")]
    return figures::measure(has("--bars"));
    #[cfg(not(target_os = "linux"))]
    {
        println!("the bars are measured on Linux only");
        ExitCode::from(u8::from(has("--bars")))
    }
}
