defmodule Shop.EventStream do
  @moduledoc """
  A stream of server-sent events with ascending ids.

  A client that comes back with `last-event-id` goes on with the next id. On a stop the stream ends
  between two events, so that the client has the last one whole.
  """

  alias Shop.{Catalogue, Traffic}

  @doc "Streams ticks until the client goes or the shop stops."
  def run(request, headers) do
    head = [{"content-type", "text/event-stream"}, {"cache-control", "no-store"} | headers]
    response = :mochiweb_request.respond({200, head, :chunked}, request)
    Traffic.become_stream()
    socket = :mochiweb_request.get(:socket, request)
    # Active, so that a client that goes away is seen at once and not at the next write.
    :ok = :mochiweb_socket.setopts(socket, packet: :raw, active: :once)
    loop(response, first_id(request), Application.fetch_env!(:shop, :tick_ms))
    Traffic.end_stream()
    :mochiweb_response.write_chunk("", response)
    :mochiweb_socket.close(socket)
    exit(:normal)
  end

  defp loop(response, id, tick_ms) do
    event = "id: #{id}\nevent: tick\ndata: #{Catalogue.label()}\n\n"
    :mochiweb_response.write_chunk(event, response)

    receive do
      :stopping -> :ok
      {:tcp_closed, _} -> exit(:normal)
      {:tcp_error, _, _} -> exit(:normal)
      # Nothing may follow the request on a connection that streams.
      {:tcp, _, _} -> :ok
    after
      tick_ms -> loop(response, id + 1, tick_ms)
    end
  end

  defp first_id(request) do
    with text when text != :undefined <-
           :mochiweb_request.get_header_value("last-event-id", request),
         {last, ""} when last >= 0 <- Integer.parse(to_string(text)) do
      last + 1
    else
      _ -> 1
    end
  end
end
