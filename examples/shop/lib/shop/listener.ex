defmodule Shop.Listener do
  @moduledoc """
  Owns the listening socket.

  On a stop it closes the socket first, so that no new connection comes, then lets requests under way
  finish and streams end at a boundary, within a bound.
  """

  use GenServer
  require Logger

  # Besides the wait itself, for the server to stop and the last answers to leave.
  @stop_margin_ms 2_000

  def child_spec(options) do
    %{
      id: __MODULE__,
      start: {__MODULE__, :start_link, [options]},
      shutdown: Keyword.fetch!(options, :stop_timeout_ms) + @stop_margin_ms
    }
  end

  def start_link(options), do: GenServer.start_link(__MODULE__, options, name: __MODULE__)

  @doc "Returns the port it listens on."
  def port, do: GenServer.call(__MODULE__, :port)

  @impl true
  def init(options) do
    Process.flag(:trap_exit, true)
    Shop.Traffic.resume()
    port = Keyword.fetch!(options, :port)

    server_options = [
      name: Shop.Http,
      ip: {127, 0, 0, 1},
      port: port,
      loop: {Shop.Router, :handle},
      nodelay: true,
      backlog: 1024,
      max: 16_384
    ]

    case :mochiweb_http.start_link(server_options) do
      {:ok, server} ->
        port = :mochiweb_socket_server.get(server, :port)
        Logger.info("shop #{Shop.Catalogue.label()} listens on 127.0.0.1:#{port} as #{node()}")
        {:ok, %{server: server, port: port, stop_timeout_ms: options[:stop_timeout_ms]}}

      {:error, reason} ->
        Logger.error("shop cannot listen on 127.0.0.1:#{port}: #{:inet.format_error(reason)}")
        {:stop, {:cannot_listen, port, reason}}
    end
  end

  @impl true
  def handle_call(:port, _from, state), do: {:reply, state.port, state}

  @impl true
  def handle_info({:EXIT, server, reason}, %{server: server} = state) do
    {:stop, {:server_ended, reason}, state}
  end

  def handle_info(_other, state), do: {:noreply, state}

  @impl true
  def terminate(_reason, state) do
    # A normal exit of the server leaves its connections alive: the processes are linked to it, and a
    # normal exit signal ends no one.
    if Process.alive?(state.server), do: :mochiweb_http.stop(state.server)

    case Shop.Traffic.drain(state.stop_timeout_ms) do
      :ok -> Logger.info("shop stopped with nothing under way")
      {:timeout, left} -> Logger.warning("shop stopped with #{inspect(left)} still under way")
    end
  end
end
