defmodule Tiny do
  use Application
  def start(_type, _args) do
    children = [{Task, fn -> serve() end}]
    Supervisor.start_link(children, strategy: :one_for_one)
  end
  def stop(_state), do: IO.puts("stopped gracefully")
  defp serve do
    options = [:binary, active: false, reuseaddr: true]
    {:ok, socket} = :gen_tcp.listen(Application.fetch_env!(:tiny, :port), options)
    IO.puts("serving as #{node()}")
    loop(socket)
  end
  defp loop(socket) do
    {:ok, client} = :gen_tcp.accept(socket)
    {:ok, _} = :gen_tcp.recv(client, 0)
    body = "#{node()} #{System.pid()}"
    head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: #{byte_size(body)}\r\n\r\n"
    :gen_tcp.send(client, head <> body)
    :gen_tcp.close(client)
    loop(socket)
  end
end
