defmodule Shop.WebSocket do
  @moduledoc """
  An echo WebSocket that also pushes ticks.

  mochiweb's own WebSocket loop answers neither ping nor close and gives up on a frame that comes in
  two segments, so the frames are handled here (`Shop.WebSocket.Frame`), on mochiweb's socket. A close
  from the other side is answered with its own code; on a stop the shop closes with 1012 (service
  restart) and waits for the answer.
  """

  alias Shop.{Catalogue, Traffic}
  alias Shop.WebSocket.Frame

  @guid "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
  @close_wait_ms 1_000

  defstruct [:socket, :tick_ms, buffer: "", message: nil, ticks: 0]

  @doc "Upgrades the connection and serves it to its end; returns only if it is no upgrade."
  def upgrade(request, headers) do
    case {header(request, "upgrade"), header(request, "sec-websocket-version"),
          header(request, "sec-websocket-key")} do
      {"websocket", "13", key} when key != "" ->
        accept = Base.encode64(:crypto.hash(:sha, key <> @guid))

        head = [
          {"connection", "upgrade"},
          {"upgrade", "websocket"},
          {"sec-websocket-accept", accept} | headers
        ]

        :mochiweb_request.start_raw_response({101, :mochiweb_headers.make(head)}, request)
        serve(:mochiweb_request.get(:socket, request))

      _ ->
        {:error, "this page is a WebSocket, version 13"}
    end
  end

  defp header(request, name) do
    case :mochiweb_request.get_header_value(name, request) do
      :undefined -> ""
      value when name == "upgrade" -> value |> to_string() |> String.downcase()
      value -> to_string(value)
    end
  end

  defp serve(socket) do
    Traffic.become_stream()
    state = %__MODULE__{socket: socket, tick_ms: Application.fetch_env!(:shop, :tick_ms)}
    send_frame(state, Frame.text("hello #{Catalogue.label()}"))
    Process.send_after(self(), :tick, state.tick_ms)
    listen(state)
  end

  defp listen(state) do
    :ok = :mochiweb_socket.exit_if_closed(set_active(state.socket))

    receive do
      {:tcp, _, bytes} ->
        state |> Map.update!(:buffer, &(&1 <> bytes)) |> read_frames() |> listen()

      :tick ->
        send_frame(state, Frame.text("tick #{state.ticks + 1}"))
        Process.send_after(self(), :tick, state.tick_ms)
        listen(%{state | ticks: state.ticks + 1})

      :stopping ->
        close(state, 1012, "the shop restarts")

      {:tcp_closed, _} ->
        exit(:normal)

      {:tcp_error, _, _} ->
        exit(:normal)
    end
  end

  defp set_active(socket), do: :mochiweb_socket.setopts(socket, packet: :raw, active: :once)

  defp read_frames(state) do
    case Frame.parse(state.buffer) do
      {:ok, frame, rest} -> %{state | buffer: rest} |> handle(frame) |> read_frames()
      :more -> state
      {:error, code, reason} -> close(state, code, reason)
    end
  end

  defp handle(state, %{opcode: :ping, payload: payload}) do
    send_frame(state, Frame.pong(payload))
    state
  end

  defp handle(state, %{opcode: :pong}), do: state

  # The answer to a close is the same close; then the server is the one to end the connection.
  defp handle(state, %{opcode: :close, payload: payload}) do
    send_frame(state, Frame.close(payload))
    finish(state)
  end

  defp handle(%{message: nil} = state, %{opcode: :continuation}) do
    close(state, 1002, "a continuation of nothing")
  end

  defp handle(%{message: {kind, parts, size}} = state, %{opcode: :continuation} = frame) do
    size = size + byte_size(frame.payload)
    if size > Frame.payload_max_bytes(), do: close(state, 1009, "the message is too big")
    message(state, kind, [parts, frame.payload], size, frame.final)
  end

  defp handle(%{message: nil} = state, %{opcode: kind} = frame) do
    message(state, kind, [frame.payload], byte_size(frame.payload), frame.final)
  end

  defp handle(state, _frame), do: close(state, 1002, "a message inside a message")

  defp message(state, kind, parts, size, false), do: %{state | message: {kind, parts, size}}

  defp message(state, kind, parts, _size, true) do
    payload = IO.iodata_to_binary(parts)

    if kind == :text and not String.valid?(payload) do
      close(state, 1007, "text that is not UTF-8")
    end

    send_frame(state, Frame.encode(kind, payload))
    %{state | message: nil}
  end

  defp close(state, code, reason) do
    send_frame(state, Frame.close(code, reason))
    await_close(state, System.monotonic_time(:millisecond) + @close_wait_ms)
  end

  # Reads on until the other side answers the close or goes, and drops what else it sent before.
  defp await_close(state, deadline) do
    wait = max(deadline - System.monotonic_time(:millisecond), 0)

    with :ok <- set_active(state.socket) do
      receive do
        {:tcp, _, bytes} -> await_close(drop_frames(state, bytes), deadline)
        {:tcp_closed, _} -> :ok
        {:tcp_error, _, _} -> :ok
      after
        wait -> :ok
      end
    end

    finish(state)
  end

  defp drop_frames(state, bytes) do
    case Frame.parse(state.buffer <> bytes) do
      {:ok, %{opcode: :close}, _rest} -> finish(state)
      {:ok, _frame, rest} -> drop_frames(%{state | buffer: ""}, rest)
      :more -> %{state | buffer: state.buffer <> bytes}
      {:error, _code, _reason} -> finish(state)
    end
  end

  defp finish(state) do
    Traffic.end_stream()
    :mochiweb_socket.close(state.socket)
    exit(:normal)
  end

  defp send_frame(state, bytes) do
    case :mochiweb_socket.send(state.socket, bytes) do
      :ok -> :ok
      {:error, _} -> exit(:normal)
    end
  end
end
