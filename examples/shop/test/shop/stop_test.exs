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
    answer = read_all(slow, "")
    assert answer =~ "done after 300 ms"
    assert Shop.Traffic.stopping?()
    assert read_all(stream, "") =~ ~r/\n\n\r\n0\r\n\r\n\z/
  end

  test "a kept connection is told to go, so that a busy client does not hold up the stop" do
    port = Shop.Listener.port()
    kept = connect(port)
    slow = connect(port)
    :ok = :gen_tcp.send(slow, "GET /slow?ms=300 HTTP/1.1\r\nhost: shop\r\n\r\n")
    await_under_way(%{requests: 1, streams: 0})
    stop = Task.async(fn -> Supervisor.terminate_child(Shop.Supervisor, Shop.Listener) end)
    await(&Shop.Traffic.stopping?/0)

    :ok = :gen_tcp.send(kept, "GET / HTTP/1.1\r\nhost: shop\r\n\r\n")
    assert read_all(kept, "") =~ ~r/200 OK.*connection: close/is
    assert Task.await(stop) == :ok
  end

  defp connect(port) do
    {:ok, socket} = :gen_tcp.connect('127.0.0.1', port, [:binary, active: false])
    socket
  end

  defp await_under_way(expected), do: await(fn -> Shop.Traffic.count() == expected end)

  defp await(holds) do
    unless holds.() do
      Process.sleep(5)
      await(holds)
    end
  end

  defp read_all(socket, text) do
    case :gen_tcp.recv(socket, 0, 2_000) do
      {:ok, bytes} -> read_all(socket, text <> bytes)
      {:error, :closed} -> text
    end
  end
end
