defmodule Shop.WebSocketTest do
  use ExUnit.Case

  @mask <<7, 11, 13, 17>>

  defp open do
    options = [:binary, active: false, packet: :raw, nodelay: true]
    {:ok, socket} = :gen_tcp.connect('127.0.0.1', Shop.Listener.port(), options)

    :ok =
      :gen_tcp.send(socket, """
      GET /ws HTTP/1.1\r
      Host: shop\r
      Connection: Upgrade\r
      Upgrade: websocket\r
      Sec-WebSocket-Version: 13\r
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
      \r
      """)

    {head, rest} = read_head(socket, "")
    assert head =~ "HTTP/1.1 101"
    # The pair of key and answer that RFC 6455 gives.
    assert head =~ "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    Process.put(:rest, rest)
    socket
  end

  defp read_head(socket, bytes) do
    case String.split(bytes, "\r\n\r\n", parts: 2) do
      [head, rest] ->
        {head, rest}

      [_] ->
        {:ok, more} = :gen_tcp.recv(socket, 0, 5_000)
        read_head(socket, bytes <> more)
    end
  end

  defp frame(opcode, payload, final \\ 1) do
    size = byte_size(payload)
    masked = :crypto.exor(payload, binary_part(:binary.copy(@mask, div(size, 4) + 1), 0, size))
    length = if size < 126, do: <<1::1, size::7>>, else: <<1::1, 126::7, size::16>>
    <<final::1, 0::3, opcode::4, length::bits, @mask::binary, masked::binary>>
  end

  # The next frame that is no tick and no hello.
  defp receive_frame(socket) do
    bytes = Process.get(:rest)

    parsed =
      case bytes do
        <<1::1, 0::3, op::4, 0::1, 126::7, n::16, p::binary-size(n), rest::binary>> ->
          {op, p, rest}

        <<1::1, 0::3, op::4, 0::1, n::7, p::binary-size(n), rest::binary>> when n < 126 ->
          {op, p, rest}

        _ ->
          :more
      end

    case parsed do
      {1, "tick " <> _, rest} -> next(socket, rest)
      {1, "hello " <> _, rest} -> next(socket, rest)
      {opcode, payload, rest} -> Process.put(:rest, rest) && {opcode, payload}
      :more -> read_more(socket, bytes)
    end
  end

  defp next(socket, rest) do
    Process.put(:rest, rest)
    receive_frame(socket)
  end

  defp read_more(socket, bytes) do
    case :gen_tcp.recv(socket, 0, 5_000) do
      {:ok, more} -> next(socket, bytes <> more)
      {:error, reason} -> reason
    end
  end

  test "echoes text and binary, also in pieces and over segments" do
    socket = open()
    :ok = :gen_tcp.send(socket, frame(1, "hi"))
    assert receive_frame(socket) == {1, "hi"}

    long = String.duplicate("x", 3_000)
    <<start::binary-100, rest::binary>> = frame(2, long)
    :ok = :gen_tcp.send(socket, start)
    :ok = :gen_tcp.send(socket, rest)
    assert receive_frame(socket) == {2, long}

    :ok = :gen_tcp.send(socket, [frame(1, "one ", 0), frame(9, "p"), frame(0, "two", 1)])
    assert receive_frame(socket) == {10, "p"}
    assert receive_frame(socket) == {1, "one two"}
  end

  test "answers a close with the same code and ends the connection" do
    socket = open()
    :ok = :gen_tcp.send(socket, frame(8, <<1012::16>>))
    assert receive_frame(socket) == {8, <<1012::16>>}
    assert receive_frame(socket) == :closed
  end

  test "refuses what breaks the protocol with its code" do
    for {bytes, code} <- [
          {<<0x81, 0x02, "hi">>, 1002},
          {frame(3, ""), 1002},
          {frame(0, "x"), 1002},
          {frame(1, <<0xFF>>), 1007},
          {<<0x82, 0xFF, 2_000_000::64, @mask::binary>>, 1009}
        ] do
      socket = open()
      :ok = :gen_tcp.send(socket, bytes)
      assert {8, <<^code::16, _::binary>>} = receive_frame(socket)
      :gen_tcp.close(socket)
    end
  end
end
