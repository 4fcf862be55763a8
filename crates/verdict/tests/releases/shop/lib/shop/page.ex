defmodule Shop.Page do
  require EEx

  EEx.function_from_file(:def, :render, Path.join(__DIR__, "page.eex"), [:count])
end
