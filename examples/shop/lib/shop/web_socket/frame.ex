defmodule Shop.WebSocket.Frame do
  @moduledoc "Frames of RFC 6455: read as a server reads them, written as a server writes them."

  @opcodes %{0 => :continuation, 1 => :text, 2 => :binary, 8 => :close, 9 => :ping, 10 => :pong}
  @numbers Map.new(@opcodes, fn {number, name} -> {name, number} end)
  @payload_max_bytes 1_048_576

  @doc "The largest message that is taken."
  def payload_max_bytes, do: @payload_max_bytes

  @doc """
  Reads the first frame of `buffer`: `{:ok, frame, rest}`, `:more` where it is not whole yet, or
  `{:error, close_code, reason}`.
  """
  def parse(<<_::1, reserved::3, _::bits>>) when reserved != 0 do
    {:error, 1002, "reserved bits are set"}
  end

  def parse(<<_::8, 0::1, _::bits>>), do: {:error, 1002, "a client's frame must be masked"}

  def parse(<<final::1, _::3, opcode::4, 1::1, 127::7, size::64, rest::binary>>) do
    payload(final, opcode, size, rest)
  end

  def parse(<<final::1, _::3, opcode::4, 1::1, 126::7, size::16, rest::binary>>) do
    payload(final, opcode, size, rest)
  end

  def parse(<<final::1, _::3, opcode::4, 1::1, size::7, rest::binary>>) when size < 126 do
    payload(final, opcode, size, rest)
  end

  def parse(_buffer), do: :more

  defp payload(_final, opcode, _size, _rest) when not is_map_key(@opcodes, opcode) do
    {:error, 1002, "unknown opcode"}
  end

  defp payload(final, opcode, size, _rest) when opcode >= 8 and (size > 125 or final == 0) do
    {:error, 1002, "a control frame must be short and whole"}
  end

  defp payload(_final, _opcode, size, _rest) when size > @payload_max_bytes do
    {:error, 1009, "the message is too big"}
  end

  defp payload(final, opcode, size, rest) do
    case rest do
      <<mask::binary-4, payload::binary-size(size), rest::binary>> ->
        frame = %{
          opcode: @opcodes[opcode],
          final: final == 1,
          payload: unmask(payload, mask, size)
        }

        {:ok, frame, rest}

      _ ->
        :more
    end
  end

  defp unmask(payload, mask, size) do
    pad = binary_part(:binary.copy(mask, div(size, 4) + 1), 0, size)
    :crypto.exor(payload, pad)
  end

  @doc "Writes a whole message of one kind."
  def encode(kind, payload) do
    [<<1::1, 0::3, Map.fetch!(@numbers, kind)::4>>, size(byte_size(payload)), payload]
  end

  @doc "Writes a text message."
  def text(payload), do: encode(:text, payload)

  @doc "Writes the answer to a ping."
  def pong(payload), do: encode(:pong, payload)

  @doc "Writes a close that answers another's payload."
  def close(payload), do: encode(:close, payload)

  @doc "Writes a close with a code."
  def close(code, reason), do: encode(:close, <<code::16, reason::binary>>)

  defp size(n) when n < 126, do: <<n>>
  defp size(n) when n < 65_536, do: <<126, n::16>>
  defp size(n), do: <<127, n::64>>
end
