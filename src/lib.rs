//! unreach shows what your PM2 apps see of the network.

pub mod config;
pub mod maestro;
pub mod model;
pub mod pm2;
pub mod probe;
