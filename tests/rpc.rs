//! How a client of God stands bad answers. No PM2 needed.

mod support;

use std::time::Duration;
use support::fake::{reply, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use unreach::pm2::amp::encode;
use unreach::pm2::rpc::{Client, RpcError};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(20);

/// A client and the other end of its connection.
fn pair(timeout: Duration) -> (Client, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (Client::with_cap(ours, timeout, 10_000), theirs)
}

#[tokio::test]
async fn replies_of_others_are_passed_over() {
    let (mut client, mut theirs) = pair(LONG);
    let server = serve(&mut theirs, |_, id| {
        vec![
            reply(r#"{"args":["wrong"]}"#, b"s:1:1"),
            reply(r#"{"args":["wrong"]}"#, b""),
            encode(&[b"j:null"]).unwrap(),
            reply(r#"{"args":["7.0.4"]}"#, id),
            // An answer given twice must not be taken for the next one.
            reply(r#"{"args":["wrong"]}"#, id),
        ]
    });
    tokio::select! {
        () = server => unreachable!(),
        () = async {
            for _ in 0..5 {
                assert_eq!(client.version().await.unwrap(), "7.0.4");
            }
        } => {}
    }
}

#[tokio::test]
async fn gods_own_errors_leave_the_connection_usable() {
    let (mut client, mut theirs) = pair(LONG);
    let server = serve(&mut theirs, |count, id| {
        let json = match count {
            1 => r#"{"error":"no\u001b[31m such thing","stack":"s3cret"}"#,
            2 => r#"{"args":[{"version":"s3cret"}]}"#,
            3 => r#"{"args":["#,
            _ => r#"{"args":["7.0.4"]}"#,
        };
        vec![reply(json, id)]
    });
    tokio::select! {
        () = server => unreachable!(),
        () = async {
            let error = client.version().await.unwrap_err();
            assert_eq!(error.to_string(), "PM2 refused getVersion: no[31m such thing");
            for _ in 0..2 {
                let error = client.version().await.unwrap_err();
                assert!(matches!(error, RpcError::Shape { .. }), "{error}");
                assert!(!format!("{error} {error:?}").contains("s3cret"));
            }
            assert_eq!(client.version().await.unwrap(), "7.0.4");
        } => {}
    }
}

#[tokio::test]
async fn a_reply_over_the_cap_spoils_the_connection() {
    let (mut client, mut theirs) = pair(LONG);
    let server = serve(&mut theirs, |_, id| {
        vec![reply(
            &format!(r#"{{"args":["{}"]}}"#, "x".repeat(20_000)),
            id,
        )]
    });
    tokio::select! {
        () = server => unreachable!("the client is kept"),
        error = client.version() => {
            assert!(matches!(error, Err(RpcError::Frame(_))), "{error:?}");
        }
    }
    assert!(matches!(client.version().await, Err(RpcError::Unusable)));
}

#[tokio::test]
async fn after_a_timeout_or_an_abandoned_call_nothing_is_sent_any_more() {
    for abandoned in [false, true] {
        let (mut client, mut theirs) = pair(if abandoned { LONG } else { SHORT });
        if abandoned {
            let call = tokio::time::timeout(SHORT, client.version());
            assert!(call.await.is_err());
        } else {
            assert!(matches!(client.version().await, Err(RpcError::Timeout(_))));
        }
        assert!(!client.usable());
        assert!(matches!(client.version().await, Err(RpcError::Unusable)));
        assert!(matches!(client.closed().await, RpcError::Unusable));
        let mut sent = Vec::new();
        theirs.read_to_end(&mut sent).await.unwrap();
        // One whole request, and the end.
        let (frames, taken) = unreach::pm2::amp::decode(&sent, 10_000).unwrap();
        assert_eq!((frames.len(), taken), (1, sent.len()));
    }
}

#[tokio::test]
async fn the_end_is_seen_and_waiting_for_it_loses_nothing() {
    let (mut client, mut theirs) = pair(LONG);
    let stray = reply(r#"{"args":["late"]}"#, b"s:9:9");
    // Half a message, then the waiting is abandoned, then the other half.
    theirs.write_all(&stray[..10]).await.unwrap();
    assert!(tokio::time::timeout(SHORT, client.closed()).await.is_err());
    theirs.write_all(&stray[10..]).await.unwrap();
    assert!(tokio::time::timeout(SHORT, client.closed()).await.is_err());
    {
        let server = serve(&mut theirs, |_, id| {
            vec![reply(r#"{"args":["7.0.4"]}"#, id)]
        });
        tokio::select! {
            () = server => unreachable!(),
            version = client.version() => assert_eq!(version.unwrap(), "7.0.4"),
        }
    }
    let end = client.closed();
    let hang_up = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(theirs);
    };
    let (end, ()) = tokio::join!(end, hang_up);
    assert!(matches!(end, RpcError::Closed), "{end}");
    assert!(matches!(client.closed().await, RpcError::Unusable));
}

#[tokio::test]
async fn entries_of_the_user_are_never_deleted() {
    let (mut client, mut theirs) = pair(LONG);
    assert!(matches!(client.delete(0).await, Err(RpcError::NotOurs(0))));
    assert!(matches!(
        client.delete(899_999).await,
        Err(RpcError::NotOurs(_))
    ));
    drop(client);
    let mut sent = Vec::new();
    theirs.read_to_end(&mut sent).await.unwrap();
    assert!(sent.is_empty());
}
