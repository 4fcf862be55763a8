# Asks Mix what it knows of the project in the working directory, and writes it as JSON to the file named
# by the first argument. Nothing is compiled or started, and config/runtime.exs is read, not run: it may
# ask for variables that only a host has.

defmodule Cutover.Json do
  def encode(nil), do: "null"
  def encode(value) when is_boolean(value) or is_integer(value), do: to_string(value)
  def encode(value) when is_atom(value), do: encode(Atom.to_string(value))

  def encode(value) when is_binary(value) do
    value = if String.valid?(value), do: value, else: inspect(value)
    [?", for(<<char::utf8 <- value>>, do: escape(char)), ?"]
  end

  def encode(list) when is_list(list), do: [?[, Enum.map_intersperse(list, ?,, &encode/1), ?]]

  def encode(%{} = map) do
    pairs = Enum.sort_by(map, &elem(&1, 0))
    pair = fn {key, value} -> [encode(to_string(key)), ?:, encode(value)] end
    [?{, Enum.map_intersperse(pairs, ?,, pair), ?}]
  end

  defp escape(?"), do: "\\\""
  defp escape(?\\), do: "\\\\"
  defp escape(char) when char < 32, do: ["\\u", String.pad_leading(Integer.to_string(char, 16), 4, "0")]
  defp escape(char), do: <<char::utf8>>
end

defmodule Cutover.Source do
  @moduledoc "What the syntax trees of a project's files say. Nothing in them is run."

  @health ["/health", "/healthz", "/healthcheck", "/health_check", "/_health", "/up", "/ready", "/readyz"]
  @routes [:get, :match, :head, :forward, :live, :match_path]

  def trees(patterns) do
    for pattern <- patterns,
        file <- pattern |> Path.wildcard() |> Enum.sort() |> Enum.take(5000),
        {:ok, text} <- [File.read(file)],
        {:ok, tree} <- [Code.string_to_quoted(text, emit_warnings: false)],
        do: {file, tree}
  end

  # A path in a route macro is sure; one that is merely written somewhere is a guess.
  def health(trees) do
    sure = find(trees, fn
      {macro, _, [path | _]} when macro in @routes and path in @health -> path
      _ -> nil
    end)

    guess = find(trees, fn
      path when path in @health -> path
      [segment] when segment in ["health", "healthz", "healthcheck"] -> "/" <> segment
      _ -> nil
    end)

    {sure, guess}
  end

  # Modules named *.Release that define migrate/0, as Phoenix generates them.
  def migrations(trees) do
    for {_, tree} <- trees, {:defmodule, _, [{:__aliases__, _, parts}, body]} <- nodes(tree),
        List.last(parts) == :Release,
        Enum.all?(parts, &is_atom/1),
        Enum.any?(nodes(body), &match?({:def, _, [{:migrate, _, args} | _]} when args in [nil, []], &1)),
        uniq: true,
        do: Enum.join(parts, ".")
  end

  # Variables read, and those without which the file raises.
  def variables(trees) do
    nodes = for {_, tree} <- trees, node <- nodes(tree), do: node
    required = Enum.flat_map(nodes, &required/1)

    read =
      for {{:., _, [{:__aliases__, _, [:System]}, function]}, _, [name | _]} <- nodes,
          function in [:get_env, :fetch_env, :fetch_env!],
          is_binary(name),
          do: name

    {Enum.uniq(required), Enum.uniq(read)}
  end

  defp required({{:., _, [{:__aliases__, _, [:System]}, :fetch_env!]}, _, [name]}) when is_binary(name), do: [name]

  defp required({:||, _, [{{:., _, [{:__aliases__, _, [:System]}, :get_env]}, _, [name]}, {:raise, _, _}]})
       when is_binary(name),
       do: [name]

  defp required(_), do: []

  defp find(trees, fun) do
    Enum.find_value(trees, fn {file, tree} ->
      case Enum.find_value(nodes(tree), fun) do
        nil -> nil
        path -> %{path: path, file: file}
      end
    end)
  end

  defp nodes(tree) do
    {_, nodes} = Macro.prewalk(tree, [], fn node, seen -> {node, [node | seen]} end)
    Enum.reverse(nodes)
  end
end

defmodule Cutover.Routes do
  @moduledoc "The routes of compiled Phoenix routers, if the project was compiled before."

  def health(app) do
    with true <- is_atom(app) and app != nil,
         :ok <- load(app),
         {:ok, modules} <- :application.get_key(app, :modules) do
      routers = Enum.filter(modules, &String.ends_with?(Atom.to_string(&1), "Router"))
      Enum.find_value(routers, &health_route/1)
    else
      _ -> nil
    end
  end

  defp load(app) do
    case Application.load(app) do
      {:error, {:already_loaded, _}} -> :ok
      other -> other
    end
  end

  defp health_route(router) do
    if Code.ensure_loaded?(router) and function_exported?(router, :__routes__, 0) do
      Enum.find_value(router.__routes__(), fn route ->
        if route.path in ["/health", "/healthz", "/up"] and route.verb in [:get, :*],
          do: %{path: route.path, file: inspect(router)}
      end)
    end
  end
end

defmodule Cutover.Inspect do
  def project do
    config = Mix.Project.config()
    app = config[:app]
    apps_paths = Mix.Project.apps_paths() || %{}
    apps = if app, do: [app], else: apps_paths |> Map.keys() |> Enum.sort()
    Mix.Task.run("loadconfig")
    roots = ["." | Map.values(apps_paths)]
    trees = Cutover.Source.trees(Enum.map(roots, &Path.join(&1, "lib/**/*.ex")))
    runtime = Cutover.Source.trees(["config/runtime.exs"])
    {required, read} = Cutover.Source.variables(runtime)
    {sure, guess} = Cutover.Source.health(trees)
    deps = deps()

    %{
      app: app,
      version: to_string(config[:version] || ""),
      elixir: System.version(),
      otp: System.otp_release(),
      umbrella: Mix.Project.umbrella?(config),
      releases: releases(config),
      default_release: config[:default_release],
      deps: deps |> Enum.map(& &1.app) |> Enum.sort(),
      deps_missing: for(dep <- deps, missing?(dep.status), do: dep.app),
      aliases: for({name, _} <- config[:aliases] || [], do: name),
      endpoints: for(app <- apps, {key, _} <- Application.get_all_env(app), endpoint?(key), do: inspect(key)),
      ecto_repos: for(app <- apps, repo <- List.wrap(Application.get_env(app, :ecto_repos, [])), do: inspect(repo)),
      migrations: Cutover.Source.migrations(trees),
      health_route: Enum.find_value(apps, &Cutover.Routes.health/1) || sure,
      health_guess: guess,
      runtime_config: runtime != [],
      variables_required: required,
      variables_read: read,
      deps_path: Mix.Project.deps_path(),
      lib_dirs: Enum.uniq([to_string(:code.lib_dir()), :elixir |> :code.lib_dir() |> to_string() |> Path.dirname()])
    }
  end

  defp releases(config) do
    for {name, options} <- config[:releases] || [] do
      options = if is_function(options), do: options.(), else: options

      %{
        name: name,
        version: version(options[:version]),
        steps: for(step <- options[:steps] || [:assemble], do: inspect(step)),
        include_executables_for: options[:include_executables_for] || [:unix, :windows],
        include_erts: options[:include_erts] not in [false, nil] or not Keyword.has_key?(options, :include_erts),
        strip_beams: options[:strip_beams] != false
      }
    end
  end

  defp version(version) when is_binary(version), do: version
  defp version(_), do: nil

  defp deps do
    Mix.Dep.load_and_cache() |> Enum.filter(& &1.top_level)
  end

  defp missing?({:unavailable, _}), do: true
  defp missing?(:nolock), do: true
  defp missing?({:nomatchvsn, _}), do: true
  defp missing?({:lockmismatch, _}), do: true
  defp missing?(_), do: false

  defp endpoint?(key), do: match?("Elixir." <> _, Atom.to_string(key)) and List.last(Module.split(key)) == "Endpoint"
end

[out] = System.argv()
Mix.start()
Mix.CLI.main(["loadpaths", "--no-compile", "--no-deps-check", "--no-archives-check"])
File.write!(out, Cutover.Json.encode(Cutover.Inspect.project()))
