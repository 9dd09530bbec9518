//! Reads the frame that answers a call.

use super::amp::Frame;
use super::loose::mend_surrogates;
use super::reply::{App, Reply, Report, Started};
use super::rpc::RpcError;
use crate::model::clean;
use serde::de::DeserializeOwned;

/// The answer to `getMonitorData`, as [`Client::apps`](super::Client::apps) reads it.
///
/// # Errors
/// `God` where it is an error of God's, and `Shape` where it is something else.
pub fn apps(frame: Frame) -> Result<Vec<App>, RpcError> {
    read("getMonitorData", frame)
}

/// The answer to `getReport`; errors as in [`apps`].
pub fn report(frame: Frame) -> Result<Report, RpcError> {
    read("getReport", frame)
}

/// The pid in the answer to `prepare`, where it names one; errors as in [`apps`].
pub fn started(frame: Frame) -> Result<Option<u32>, RpcError> {
    let started: Vec<Started> = read("prepare", frame)?;
    Ok(started.first().and_then(Started::pid))
}

/// The result in `frame`, which answers `method`. A `Shape` error says where it could not be read,
/// without quoting it: an answer may hold secrets.
pub(super) fn read<R: DeserializeOwned>(
    method: &'static str,
    mut frame: Frame,
) -> Result<R, RpcError> {
    let result = result(frame.first_mut()).map_err(|why| RpcError::Shape { method, why })?;
    result.map_err(|text| RpcError::God {
        method,
        text: short(&text),
    })
}

fn result<R: DeserializeOwned>(body: &mut [u8]) -> Result<Result<R, String>, String> {
    let Some(json) = body.strip_prefix(b"j:").map(<[u8]>::len) else {
        return Err("it is not JSON".to_owned());
    };
    let start = body.len() - json;
    let json = &mut body[start..];
    mend_surrogates(json);
    let reply: Reply<R> = serde_json::from_slice(json).map_err(|error| {
        let place = format!("line {}, byte {}", error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => format!("unexpected type at {place}"),
            _ => format!("broken JSON at {place}"),
        }
    })?;
    reply
        .result()
        .ok_or_else(|| "it holds neither a result nor an error".to_owned())
}

/// Foreign text for a message: cleaned, 300 characters at most.
pub(super) fn short(text: &str) -> String {
    clean(text).chars().take(300).collect()
}
