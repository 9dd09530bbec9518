//! One GET, written by hand, and the status that comes back.

use super::course::{Steps, Stop};
use crate::model::{Endpoint, ErrorKind, Host, Phase, clean};
use httparse::Error::{HeaderName, HeaderValue, TooManyHeaders};
use httparse::{ParserConfig, Response, Status};
use std::fmt::Write;
use std::io;
use std::mem::MaybeUninit;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The most we read before the headers are complete, informational answers included: bytes.
const CAP: usize = 64 * 1024;
/// How much of something that is not HTTP is shown: characters.
const EXCERPT: usize = 40;

/// The bytes of the request (RFC 9112), or `NotAsked` where host or path could not be put on one line of it.
pub(super) fn request(endpoint: &Endpoint, path: &str, tls: bool) -> Result<Vec<u8>, Stop> {
    let name = match &endpoint.host {
        Host::Name(name) => name.as_str(),
        _ => "",
    };
    // Endpoints come from files and over a wire: a line break in one would be a header of its own.
    if !path.starts_with('/')
        || !path
            .bytes()
            .chain(name.bytes())
            .all(|b| b.is_ascii_graphic())
    {
        let why = format!("{} cannot be put into a request", clean(path));
        return Err(Stop::NotAsked(why));
    }
    // Room for the answer too, which is read into the same allocation.
    let mut text = String::with_capacity(1024);
    text.push_str("GET ");
    text.push_str(path);
    text.push_str(" HTTP/1.1\r\nHost: ");
    // Writing to a String cannot fail.
    let _ = match &endpoint.host {
        Host::Name(name) => text.write_str(name),
        Host::V4(address) => write!(text, "{address}"),
        // A zone means something on this computer only (RFC 6874 §4).
        Host::V6 { address, .. } => write!(text, "[{address}]"),
    };
    if endpoint.port != if tls { 443 } else { 80 } {
        let _ = write!(text, ":{}", endpoint.port);
    }
    text.push_str(concat!(
        "\r\nUser-Agent: unreach/",
        env!("CARGO_PKG_VERSION"),
        "\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    ));
    Ok(text.into_bytes())
}

/// Sends the request and reads until the headers of the answer are complete; the body stays unread.
/// The phase http is timed from the last byte sent to the first that came.
pub(super) async fn get<S>(stream: &mut S, request: Vec<u8>, steps: &mut Steps) -> Result<u16, Stop>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    steps.enter(Phase::Http);
    let stop = |error: io::Error| Stop::of(Phase::Http, &error);
    stream.write_all(&request).await.map_err(stop)?;
    stream.flush().await.map_err(stop)?;
    steps.restart();

    let mut answer = request;
    answer.clear();
    let mut start = 0;
    loop {
        let seen = answer.len();
        let read = match stream.read_buf(&mut answer).await {
            Ok(read) => read,
            // TLS that ends without saying so: the same end.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(stop(error)),
        };
        if read == 0 {
            return Err(not_http(match seen {
                0 => "closed without an answer",
                _ => "closed before the headers were complete",
            }));
        }
        if seen == 0 {
            steps.done();
        }
        match look(&answer, seen, &mut start) {
            Some(Ok(status)) => return Ok(status),
            Some(Err(why)) => return Err(not_http(why)),
            None => {}
        }
    }
}

/// The status that an answer coming in these pieces brings, or why it is not HTTP, known as early
/// as [`Prober::probe`](super::Prober::probe) knows it; `None` where more would have to come.
pub fn status_in<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<Result<u16, String>> {
    let (mut answer, mut start) = (Vec::new(), 0);
    pieces.into_iter().find_map(|piece| {
        let seen = answer.len();
        answer.extend_from_slice(piece);
        look(&answer, seen, &mut start)
    })
}

/// Looks at an answer of which the bytes before `seen` were looked at already. The answer proper
/// begins at `start`, which moves behind each informational one.
fn look(answer: &[u8], seen: usize, start: &mut usize) -> Option<Result<u16, String>> {
    while worth_parsing(&answer[*start..], seen.saturating_sub(*start)) {
        match parse(&answer[*start..]) {
            Parsed::Status(status) => return Some(Ok(status)),
            Parsed::Informational(length) => *start += length,
            Parsed::Partial => break,
            Parsed::Garbage => return Some(Err(excerpt(&answer[*start..]))),
        }
    }
    (answer.len() > CAP).then(|| Err("headers over 64 KiB".to_owned()))
}

fn not_http(text: impl Into<String>) -> Stop {
    Stop::plain(Phase::Http, ErrorKind::Http, text)
}

fn excerpt(answer: &[u8]) -> String {
    let some = String::from_utf8_lossy(&answer[..answer.len().min(4 * EXCERPT)]);
    let shown: String = clean(&some).chars().take(EXCERPT).collect();
    format!("not HTTP: {}", shown.trim())
}

/// Whether the bytes after `seen` can change the parser's mind. Parsing at each read would cost
/// the square of the length when somebody sends headers byte by byte.
fn worth_parsing(answer: &[u8], seen: usize) -> bool {
    let (old, new) = answer.split_at(seen.min(answer.len()));
    if new.is_empty() {
        return false;
    }
    // Early, so that a greeting without a line break is recognised before the time is up.
    old.len() < 16
        || new.contains(&b'\n')
            && (!old.contains(&b'\n') || ends_block(&answer[seen.saturating_sub(3)..]))
}

fn ends_block(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

enum Parsed {
    Status(u16),
    /// A 1xx answer of so many bytes; another follows.
    Informational(usize),
    Partial,
    Garbage,
}

fn parse(answer: &[u8]) -> Parsed {
    let mut headers = [const { MaybeUninit::uninit() }; 64];
    let mut response = Response::new(&mut []);
    // We came for the status: slips in headers are none of our business, nor how many there are.
    let mut lenient = ParserConfig::default();
    lenient
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    let parsed = lenient.parse_response_with_uninit_headers(&mut response, answer, &mut headers);
    match (parsed, response.code) {
        // 101 ends the HTTP on this connection, so nothing would follow.
        (Ok(Status::Complete(length)), Some(100 | 102..200)) => Parsed::Informational(length),
        (Ok(Status::Complete(_)), Some(status)) => Parsed::Status(status),
        (Err(TooManyHeaders | HeaderName | HeaderValue), Some(status @ 200..)) => {
            Parsed::Status(status)
        }
        (Ok(Status::Partial), _) => Parsed::Partial,
        _ => Parsed::Garbage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Question;

    fn head(host: Host, port: u16, tls: bool) -> String {
        let path = "/".to_owned();
        let question = Question::Get { path, tls };
        let endpoint = Endpoint {
            host,
            port,
            question,
        };
        let bytes = request(&endpoint, "/a?b", tls).expect("a fine endpoint");
        String::from_utf8(bytes).expect("ASCII")
    }

    #[test]
    fn the_request_names_host_and_port_as_rfc_9110_wants() {
        let v6 = |zone: Option<&str>| Host::V6 {
            address: "fe80::1".parse().expect("an address"),
            zone: zone.map(str::to_owned),
        };
        let name = || Host::Name("mini.local".to_owned());
        let v4 = Host::V4([10, 0, 0, 18].into());
        for (text, host) in [
            (head(name(), 80, false), "mini.local"),
            (head(name(), 443, true), "mini.local"),
            (head(name(), 443, false), "mini.local:443"),
            (head(v4, 23000, false), "10.0.0.18:23000"),
            (head(v6(Some("en0")), 80, true), "[fe80::1]:80"),
            (head(v6(None), 80, false), "[fe80::1]"),
        ] {
            let want = format!(
                "GET /a?b HTTP/1.1\r\nHost: {host}\r\nUser-Agent: unreach/{}\r\n\
                 Accept: */*\r\nConnection: close\r\n\r\n",
                env!("CARGO_PKG_VERSION")
            );
            assert_eq!(text, want);
        }
    }

    #[test]
    fn nothing_smuggles_a_line_into_the_request() {
        let endpoint = |host: &str| Endpoint {
            host: Host::Name(host.to_owned()),
            port: 80,
            question: Question::Connect,
        };
        for (host, path) in [
            ("a", "/\r\nX: y"),
            ("a\r\nX: y", "/"),
            ("a", "/a b"),
            ("a", ""),
        ] {
            let refused = request(&endpoint(host), path, false);
            assert!(matches!(refused, Err(Stop::NotAsked(_))), "{host} {path}");
        }
    }

    #[test]
    fn headers_are_parsed_when_complete_however_they_are_cut() {
        let whole = b"HTTP/1.1 204 No Content\r\nA: b\r\nC: d\r\n\r\n";
        for cut in 1..whole.len() {
            assert!(matches!(parse(&whole[..cut]), Parsed::Partial), "{cut}");
        }
        assert!(worth_parsing(whole, whole.len() - 1));
        assert!(worth_parsing(b"HTTP/1.1 200 OK\nA: b\n\n", 21));
        assert!(!worth_parsing(b"HTTP/1.1 200 OK\r\nA: b\r\n", 20));
        assert!(!worth_parsing(whole, whole.len()));
        assert!(matches!(parse(whole), Parsed::Status(204)));
        assert!(matches!(
            parse(b"HTTP/1.1 100 C\r\n\r\n"),
            Parsed::Informational(18)
        ));
        assert!(matches!(
            parse(b"HTTP/1.1 101 S\r\n\r\n"),
            Parsed::Status(101)
        ));
        let many = format!("HTTP/1.1 503 Busy\r\n{}\r\n", "A: b\r\n".repeat(100));
        assert!(matches!(parse(many.as_bytes()), Parsed::Status(503)));
        let slips = b"HTTP/1.1 503 Busy\r\nA: b\0\r\r\nC\0: d\r\n\r\n";
        assert!(matches!(parse(slips), Parsed::Status(503)));
        assert!(matches!(parse(b"SSH-2.0-OpenSSH_9.6\r\n"), Parsed::Garbage));
    }

    #[test]
    fn an_excerpt_is_short_and_clean() {
        let text = excerpt(&[b"\x1b[2J\x80".as_slice(), &[b'x'; 500]].concat());
        assert_eq!(text, format!("not HTTP: [2J\u{fffd}{}", "x".repeat(36)));
    }
}
