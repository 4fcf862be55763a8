defmodule Shop.Router do
  @moduledoc "One function for each route."

  alias Shop.{Catalogue, EventStream, Health, Orders, Traffic, WebSocket}

  # The longest answer `/slow` gives, and the longest key an order may have.
  @slow_max_ms 60_000
  @key_max_bytes 128

  @doc "Answers one request; called by the server in the connection's own process."
  def handle(request) do
    Traffic.request(fn ->
      method = :mochiweb_request.get(:method, request)
      path = request |> then(&:mochiweb_request.get(:path, &1)) |> to_string()
      route(method, String.split(path, "/", trim: true), request)
    end)

    if Traffic.stopping?() do
      :mochiweb_socket.close(:mochiweb_request.get(:socket, request))
      exit(:normal)
    end
  end

  defp route(method, [], request) when method in [:GET, :HEAD] do
    json(request, 200, %{
      greeting: Catalogue.greeting(),
      version: Catalogue.label(),
      node: node(),
      pid: System.pid(),
      orders: Orders.count()
    })
  end

  defp route(method, ["health"], request) when method in [:GET, :HEAD] do
    case Health.probe() do
      :ok ->
        text(request, 200, "ok\n")

      :fail ->
        text(request, 503, "told to fail\n")

      :slow ->
        Process.sleep(3_000)
        text(request, 200, "ok, slowly\n")

      :hang ->
        Process.sleep(:infinity)
    end
  end

  defp route(:POST, ["health", mode], request) do
    _ = :mochiweb_request.recv_body(request)

    case Health.parse(mode) do
      {:ok, mode} ->
        :ok = Health.set(mode)
        text(request, 200, "health is now #{mode}\n")

      {:error, message} ->
        text(request, 400, message <> "\n")
    end
  end

  # ?ms=N answers after N ms; with &chunks=K in K pieces spread over that time.
  defp route(:GET, ["slow"], request) do
    with {:ok, ms} <- number(request, 'ms', 1_000, 0..@slow_max_ms),
         {:ok, chunks} <- number(request, 'chunks', 0, 0..1_000) do
      slow(request, ms, chunks)
    else
      {:error, message} -> text(request, 400, message <> "\n")
    end
  end

  defp route(:GET, ["events"], request), do: EventStream.run(request, headers())

  defp route(:GET, ["ws"], request) do
    case WebSocket.upgrade(request, headers()) do
      {:error, message} -> text(request, 400, message <> "\n")
    end
  end

  defp route(:POST, ["orders"], request) do
    _ = :mochiweb_request.recv_body(request)

    case order_key(request) do
      {:ok, key} ->
        {number, seen} = Orders.place(key)
        json(request, 201, %{key: key, number: number, seen: seen})

      {:error, message} ->
        text(request, 400, message <> "\n")
    end
  end

  defp route(:GET, ["orders", key], request) do
    json(request, 200, %{key: key, seen: Orders.seen(key)})
  end

  defp route(_method, _path, request), do: text(request, 404, "no such page\n")

  defp slow(request, ms, 0) do
    Process.sleep(ms)
    text(request, 200, "done after #{ms} ms\n")
  end

  defp slow(request, ms, chunks) do
    head = [{"content-type", "text/plain"} | headers()]
    response = :mochiweb_request.respond({200, head, :chunked}, request)

    for n <- 1..chunks do
      Process.sleep(div(ms, chunks))
      :mochiweb_response.write_chunk("#{n} of #{chunks}\n", response)
    end

    :mochiweb_response.write_chunk("", response)
  end

  defp order_key(request) do
    case :mochiweb_request.get_header_value("idempotency-key", request) do
      :undefined ->
        {:error, "an order needs an idempotency-key header"}

      key ->
        key = to_string(key)

        if key =~ ~r/\A[\w.:-]+\z/ and byte_size(key) <= @key_max_bytes do
          {:ok, key}
        else
          {:error, "an idempotency-key is up to #{@key_max_bytes} letters, digits, . : _ and -"}
        end
    end
  end

  defp number(request, name, default, range) do
    query = :mochiweb_request.parse_qs(request)

    with {_, text} <- List.keyfind(query, name, 0, :absent),
         {n, ""} <- Integer.parse(to_string(text)),
         true <- n in range do
      {:ok, n}
    else
      :absent -> {:ok, default}
      _ -> {:error, "#{name} is a whole number from #{range.first} to #{range.last}"}
    end
  end

  defp json(request, status, body) do
    fields = Enum.map_join(body, ",", fn {name, value} -> ~s("#{name}":#{json_value(value)}) end)

    respond(request, status, "application/json", "{#{fields}}\n")
  end

  defp json_value(n) when is_integer(n), do: Integer.to_string(n)
  # Debian's mochiweb brings a JSON encoder; it wants binaries for strings.
  defp json_value(text), do: :mochijson2.encode(to_string(text))

  defp text(request, status, body), do: respond(request, status, "text/plain", body)

  defp respond(request, status, type, body) do
    head = [{"content-type", type} | headers()]
    :mochiweb_request.respond({status, head, body}, request)
  end

  defp headers do
    labels = [{"x-version", Catalogue.label()}, {"x-node", Atom.to_string(node())}]
    if Traffic.stopping?(), do: [{"connection", "close"} | labels], else: labels
  end
end
