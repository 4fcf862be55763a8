defmodule Shop.JobsTest do
  use ExUnit.Case, async: true

  @moduletag :tmp_dir

  test "every change is one line, and the same again is none", %{tmp_dir: dir} do
    path = Path.join(dir, "jobs")
    {:ok, jobs} = GenServer.start_link(Shop.Jobs, path)
    refute GenServer.call(jobs, :running?)
    for running <- [false, true, true, false], do: :ok = GenServer.call(jobs, {:set, running})

    assert File.read!(path) |> String.split("\n", trim: true) |> Enum.map(&hd(String.split(&1))) ==
             ["on", "off"]
  end
end
