//! A handler of a web framework that stays as it is. Watch for: the request's trace in the handler and in what it starts.

use axum::{Router, http::HeaderMap, routing::get};
use routine::{Trace, prelude::*, routine, trace};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[routine(in_place, name = "hello")]
async fn hello(headers: HeaderMap) -> Result<String, String> {
    let header = headers.get("traceparent").and_then(|header| header.to_str().ok()).unwrap_or_default();
    let inbound = Trace::from_traceparent(header).map_err(|error| error.to_string())?;
    trace::scope(inbound, async {
        let trace = || trace::current().map_or_else(|| "none".to_owned(), |trace| trace.to_string());
        let started = routine!(name = "greeting", async move { trace() });
        let greeting = started.await.map_err(|error| error.to_string())?;
        Ok(format!("the request's trace        {inbound}\nof what the handler starts {greeting}"))
    })
    .await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = routine!(name = "server", async move {
        let app = Router::new().route("/", get(hello));
        axum::serve(listener, app).with_graceful_shutdown(routine::cancelled()).await
    });
    let mut client = TcpStream::connect(address).await?;
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                   traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n";
    client.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).await?;
    println!("{answer}");
    server.cancel();
    server.await.map_err(std::io::Error::other)?;
    Ok(())
}
