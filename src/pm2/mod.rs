//! PM2's own wire protocol, its God, its process list, its logs.
