//! unreach shows what your PM2 apps see of the network, next to what your terminal sees.
//!
//! The map. A question of the pattern "where is …" is answered by the name of a folder:
//!
//! - [`model`]: what is known, as plain values: targets, probes, observations, verdicts, changes.
//!   No clock, no I/O, no async.
//! - [`case`]: the case file: what was seen and what is known, read strictly.
//! - [`diagnosis`]: what it means: two sides' histories become one verdict; a case becomes findings,
//!   by one small rule for each cause in `diagnosis/rules`. Pure.
//! - [`probe`]: how we ask: resolve, connect to each address, TLS, one GET, each phase timed.
//! - [`vantage`]: from where: this process, and an agent of ours that PM2's daemon starts as its
//!   child; the lines that both speak.
//! - [`pm2`]: PM2 itself: its wire protocol, its daemon (God), its process list, its logs.
//! - [`maestro`]: AI Maestro: its hosts file.
//! - [`machine`]: this computer: interfaces, routes, processes, system; in `launchd` its plists and
//!   what `launchctl` says. Its folder `kernel` is the only place with `cfg(target_os)`.
//! - [`config`]: config file, addresses and targets: text in, values out.
//! - [`cli`]: the command line and its help.
//! - [`app`]: what the program thinks: `update(&mut Model, at, Msg) -> Vec<Effect>`. Pure; time
//!   comes in as a number with each message.
//! - [`report`]: what you take away: one snapshot as text, Markdown or JSON, and a line for each
//!   change.
//! - [`runtime`]: what keeps it moving: settings, the one loop, and the edges where wishes of the
//!   core become calls.
//!
//! The import law: everybody may use `model`; `app` and `report` may use `diagnosis`; `vantage`
//! may use `probe`, `pm2` and `machine`; `runtime` may use everything, and holds no rule of its
//! own. `tests/architecture.rs` reads the sources and fails on anything else.

pub mod app;
pub mod case;
pub mod cli;
pub mod config;
pub mod diagnosis;
pub mod machine;
pub mod maestro;
pub mod model;
pub mod pm2;
pub mod probe;
pub mod report;
pub mod runtime;
pub mod vantage;
