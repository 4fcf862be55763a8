defmodule Shop.Traffic do
  @moduledoc """
  Knows the requests under way and the long-lived streams, so that a stop can wait for the first and
  tell the second to end.
  """

  def child_spec(_arg) do
    %{id: __MODULE__, start: {__MODULE__, :start_link, []}, type: :supervisor}
  end

  def start_link do
    :persistent_term.put({__MODULE__, :stopping}, false)
    Registry.start_link(keys: :duplicate, name: __MODULE__)
  end

  @doc "Runs `fun` as a request that a stop waits for."
  def request(fun) do
    {:ok, _} = Registry.register(__MODULE__, :request, nil)

    try do
      fun.()
    after
      Registry.unregister(__MODULE__, :request)
    end
  end

  @doc "Says whether the shop stops: then each answer is the last one of its connection."
  def stopping?, do: :persistent_term.get({__MODULE__, :stopping})

  @doc "Takes requests on kept connections again, after a stop of the listener alone."
  def resume, do: :persistent_term.put({__MODULE__, :stopping}, false)

  @doc "Makes the calling process a stream: a stop sends it `:stopping` and waits until it ends."
  def become_stream do
    {:ok, _} = Registry.register(__MODULE__, :stream, nil)
    Registry.unregister(__MODULE__, :request)
  end

  @doc "Ends being a stream."
  def end_stream, do: Registry.unregister(__MODULE__, :stream)

  @doc "Returns how many requests and streams are under way."
  def count do
    %{
      requests: length(Registry.lookup(__MODULE__, :request)),
      streams: length(Registry.lookup(__MODULE__, :stream))
    }
  end

  @doc "Tells every stream to end, then waits until nothing is under way or the time is over."
  def drain(timeout_ms) do
    :persistent_term.put({__MODULE__, :stopping}, true)

    Registry.dispatch(__MODULE__, :stream, fn entries ->
      Enum.each(entries, fn {pid, _} -> send(pid, :stopping) end)
    end)

    await_idle(System.monotonic_time(:millisecond) + timeout_ms)
  end

  defp await_idle(deadline) do
    under_way = count()

    cond do
      under_way == %{requests: 0, streams: 0} ->
        :ok

      System.monotonic_time(:millisecond) >= deadline ->
        {:timeout, under_way}

      true ->
        Process.sleep(20)
        await_idle(deadline)
    end
  end
end
