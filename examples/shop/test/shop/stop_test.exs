defmodule Shop.StopTest do
  # Stops the listener that the other tests use, so it runs alone and restarts it.
  use ExUnit.Case

  setup do
    on_exit(fn -> Supervisor.restart_child(Shop.Supervisor, Shop.Listener) end)
  end

  test "a stop refuses new connections, lets the request under way finish and ends streams whole" do
    port = Shop.Listener.port()
    slow = connect(port)
    :ok = :gen_tcp.send(slow, "GET /slow?ms=300 HTTP/1.1\r\nhost: shop\r\n\r\n")
    stream = connect(port)
    :ok = :gen_tcp.send(stream, "GET /events HTTP/1.1\r\nhost: shop\r\n\r\n")
    await_under_way(%{requests: 1, streams: 1})

    :ok = Supervisor.terminate_child(Shop.Supervisor, Shop.Listener)

    assert {:error, :econnrefused} = :gen_tcp.connect('127.0.0.1', port, [])
    assert {:ok, answer} = :gen_tcp.recv(slow, 0, 1_000)
    assert answer =~ "done after 300 ms"
    assert read_all(stream, "") =~ ~r/\n\n\r\n0\r\n\r\n\z/
  end

  defp connect(port) do
    {:ok, socket} = :gen_tcp.connect('127.0.0.1', port, [:binary, active: false])
    socket
  end

  defp await_under_way(expected) do
    if Shop.Traffic.count() != expected do
      Process.sleep(5)
      await_under_way(expected)
    end
  end

  defp read_all(socket, text) do
    case :gen_tcp.recv(socket, 0, 2_000) do
      {:ok, bytes} -> read_all(socket, text <> bytes)
      {:error, :closed} -> text
    end
  end
end
