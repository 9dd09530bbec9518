//! A stand-in that answers as it is told, for what real PM2 never says.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use unreach::pm2::amp::{Decoder, encode};

/// Reads requests and answers each with the frames that `answer` makes of its id.
pub async fn serve(stream: &mut UnixStream, answer: impl Fn(u32, &[u8]) -> Vec<Vec<u8>>) {
    let mut decoder = Decoder::new(1 << 20);
    let mut buffer = vec![0; 4096];
    let mut count = 0;
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        let mut input = &buffer[..read];
        while let Some(frame) = decoder.decode(&mut input).unwrap() {
            count += 1;
            for reply in answer(count, frame.last()) {
                stream.write_all(&reply).await.unwrap();
            }
        }
    }
}

/// One reply frame.
pub fn reply(json: &str, id: &[u8]) -> Vec<u8> {
    encode(&[format!("j:{json}").as_bytes(), id]).unwrap()
}
