defmodule Shop.HttpTest do
  use ExUnit.Case

  setup do
    on_exit(fn -> Shop.Health.set(:ok) end)
  end

  # One request on its own connection, as text, so that framing and headers are seen as they are.
  defp request(method, path, headers \\ []) do
    socket = connect()
    :ok = :gen_tcp.send(socket, head(method, path, [{"connection", "close"} | headers]))
    read_all(socket, "")
  end

  defp connect do
    options = [:binary, active: false, packet: :raw]
    {:ok, socket} = :gen_tcp.connect('127.0.0.1', Shop.Listener.port(), options)
    socket
  end

  defp head(method, path, headers) do
    lines = for {name, value} <- headers, do: "#{name}: #{value}\r\n"
    ["#{method} #{path} HTTP/1.1\r\nhost: shop\r\n", lines, "\r\n"]
  end

  defp read_all(socket, answer) do
    case :gen_tcp.recv(socket, 0, 5_000) do
      {:ok, bytes} -> read_all(socket, answer <> bytes)
      {:error, :closed} -> answer
    end
  end

  test "the front page greets and names the version and the node" do
    answer = request("GET", "/")
    assert answer =~ "HTTP/1.1 200"
    assert answer =~ "x-version: #{Shop.Catalogue.label()}"
    assert answer =~ ~s("greeting":"#{Shop.Catalogue.greeting()}")
    assert answer =~ ~s("node":"#{node()}")
  end

  test "an unknown page is a 404" do
    assert request("GET", "/nowhere") =~ "HTTP/1.1 404"
  end

  test "the health path follows the switch" do
    assert request("GET", "/health") =~ "HTTP/1.1 200"
    assert request("POST", "/health/fail", [{"content-length", "0"}]) =~ "health is now fail"
    assert request("GET", "/health") =~ "HTTP/1.1 503"
    assert request("POST", "/health/nonsense", [{"content-length", "0"}]) =~ "HTTP/1.1 400"
    assert request("GET", "/health") =~ "HTTP/1.1 503"
    assert request("POST", "/health/ok", [{"content-length", "0"}]) =~ "health is now ok"
    assert request("GET", "/health") =~ "HTTP/1.1 200"
  end

  test "a flapping health answers well and badly in turn" do
    Shop.Health.set(:flap)
    statuses = for _ <- 1..4, do: request("GET", "/health") |> String.slice(9, 3)
    assert statuses == ["200", "503", "200", "503"]
  end

  test "an order is executed each time it comes, and says how often its key came" do
    key = "order-#{System.unique_integer([:positive])}"
    headers = [{"idempotency-key", key}, {"content-length", "0"}]
    assert request("POST", "/orders", headers) =~ ~s("seen":1)
    assert request("POST", "/orders", headers) =~ ~s("seen":2)
    assert request("GET", "/orders/#{key}") =~ ~s("seen":2)
  end

  test "an order without a key, or with one that would break the orders file, is refused" do
    assert request("POST", "/orders", [{"content-length", "0"}]) =~ "HTTP/1.1 400"
    headers = [{"idempotency-key", "a\tb"}, {"content-length", "0"}]
    assert request("POST", "/orders", headers) =~ "HTTP/1.1 400"
  end

  test "a slow answer may come in pieces" do
    answer = request("GET", "/slow?ms=3&chunks=3")
    assert answer =~ ~r/1 of 3.*2 of 3.*3 of 3.*\r\n0\r\n\r\n\z/s
    assert request("GET", "/slow?ms=-1") =~ "HTTP/1.1 400"
  end

  test "an event stream goes on after the id that the client saw last" do
    socket = connect()
    :ok = :gen_tcp.send(socket, head("GET", "/events", [{"last-event-id", "41"}]))
    assert read_until(socket, "", "id: 43") =~ "id: 42\nevent: tick\n"
    :gen_tcp.close(socket)
  end

  defp read_until(socket, text, mark) do
    if text =~ mark do
      text
    else
      {:ok, bytes} = :gen_tcp.recv(socket, 0, 5_000)
      read_until(socket, text <> bytes, mark)
    end
  end
end
