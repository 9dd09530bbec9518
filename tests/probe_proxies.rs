//! Proxy variables mean nothing. A file of its own, because an environment belongs to a whole process.

mod support;

use std::net::TcpListener;
use support::servers::{OK, PLENTY, answer, answering, ask, get, get_tls, tls_server, unvisited};

#[test]
fn proxy_variables_mean_nothing() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let there = format!("http://{}", proxy.local_addr().expect("its address"));
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        for name in [name.to_owned(), name.to_uppercase()] {
            // SAFETY: no other thread of this process reads or writes the environment now.
            unsafe { std::env::set_var(name, &there) };
        }
    }
    let (address, server) = answering(OK);
    assert_eq!(answer(&ask(&get(address), PLENTY)).status, Some(200));
    server.join().expect("served");
    let (address, server) = tls_server();
    assert_eq!(answer(&ask(&get_tls(address), PLENTY)).status, Some(200));
    server.join().expect("served");
    unvisited(&proxy);
}
