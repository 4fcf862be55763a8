defmodule Shop.OrdersTest do
  use ExUnit.Case, async: true

  @moduletag :tmp_dir

  test "every execution is one line of the shared file, whoever executes it", %{tmp_dir: dir} do
    path = Path.join(dir, "orders")
    {:ok, one} = GenServer.start_link(Shop.Orders, path)
    {:ok, two} = GenServer.start_link(Shop.Orders, path)
    assert GenServer.call(one, {:place, "a"}) == {1, 1}
    assert GenServer.call(two, {:place, "a"}) == {1, 1}
    assert GenServer.call(one, {:place, "b"}) == {2, 1}

    keys =
      for line <- String.split(File.read!(path), "\n", trim: true),
          do: line |> String.split("\t") |> hd()

    assert keys == ["a", "a", "b"]
  end

  test "a file that cannot be opened is named", %{tmp_dir: dir} do
    Process.flag(:trap_exit, true)
    path = Path.join([dir, "missing", "orders"])

    assert {:error, {:cannot_open_orders_file, ^path, :enoent}} =
             GenServer.start_link(Shop.Orders, path)
  end
end
