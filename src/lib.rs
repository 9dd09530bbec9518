//! unreach shows what your PM2 apps see of the network.

pub mod app;
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
