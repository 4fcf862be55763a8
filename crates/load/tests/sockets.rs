//! WebSockets: moved with a close frame is not cut without one.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use load::ws_bench::{self, WsBench};
use load::ws_echo::EchoServer;
use load::{Options, Report, Target};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};

async fn echo_one(socket: &mut WebSocketStream<TcpStream>) {
    if let Some(Ok(message)) = socket.next().await {
        socket.send(message).await.ok();
    }
}

/// Echoes one message on each socket, and ends the nth as `end` says.
async fn server<F>(
    end: impl Fn(WebSocketStream<TcpStream>, u64) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            echo_one(&mut socket).await;
            tokio::spawn(end(socket, number));
        }
    });
    address
}

async fn run_until(address: SocketAddr, enough: impl Fn(&Report) -> bool) -> Report {
    let target = Target::new(address).unwrap();
    let mut options = Options::new(target, Duration::from_secs(3_600));
    options.ws = 1;
    options.ws_interval = Duration::from_millis(5);
    let running = load::start(options).unwrap();
    while !enough(&running.snapshot()) {
        tokio::task::yield_now().await;
    }
    running.stop();
    running.finish().await.unwrap()
}

#[tokio::test]
async fn a_close_frame_is_a_move_and_a_tcp_end_is_a_cut() {
    let address = server(|mut socket, number| async move {
        match number {
            0 => {
                let frame = CloseFrame {
                    code: 1012.into(),
                    reason: "moved".into(),
                };
                socket.close(Some(frame)).await.ok();
                while let Some(Ok(_)) = socket.next().await {}
            }
            1 => drop(socket),
            _ => loop {
                if socket.next().await.is_none_or(|message| message.is_err()) {
                    return;
                }
            },
        }
    })
    .await;
    let report = run_until(address, |r| r.ws.opened == 3).await;
    assert_eq!(report.ws.moved, 1, "{report:#?}");
    assert_eq!(report.ws.cut, 1, "{report:#?}");
    assert_eq!(report.ws.close_codes.get(&1012), Some(&1));
    assert_eq!(report.ws.reconnect.count, 2);
    assert_eq!(
        report.ws.sent,
        report.ws.echoed + report.ws.unanswered,
        "no message is left out: {report:#?}"
    );
}

#[tokio::test]
async fn a_close_frame_that_arrives_with_a_reset_is_still_seen() {
    let address = server(|mut socket, number| async move {
        if number > 0 {
            echo_one(&mut socket).await;
            return;
        }
        // Closes at once, without awaiting the client's answer.
        let frame = Message::Close(Some(CloseFrame {
            code: 1001.into(),
            reason: "".into(),
        }));
        socket.send(frame).await.ok();
    })
    .await;
    let report = run_until(address, |r| r.ws.opened >= 2).await;
    assert_eq!(report.ws.close_codes.get(&1001), Some(&1), "{report:#?}");
    assert_eq!(report.ws.moved, 1, "{report:#?}");
}

#[tokio::test]
async fn the_echo_server_and_the_benchmark_fit_each_other() {
    let server = EchoServer::bind("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let target = Target::new(server.address()).unwrap();
    let serving = tokio::spawn(server.serve());
    let report = ws_bench::run(&WsBench {
        target,
        path: "/any".to_owned(),
        sockets: 3,
        payload_bytes: 100,
        duration: Duration::from_millis(50),
    })
    .await
    .unwrap();
    serving.abort();
    assert_eq!(report.failed, 0, "{report:?}");
    assert!(report.messages >= 3, "{report:?}");
    assert_eq!(report.latency.count, report.messages);
}
