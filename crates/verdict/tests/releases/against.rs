//! Pairs that must not be judged safe, one for each kind of reason, and those that OTP itself lets pass.

mod appups;
mod processes;

use relup::Direction;
use verdict::Answer::NotSafe;
use verdict::{Judged, Kind, Severity};

use crate::judged::{Pair, against, answers, shown};
use crate::variant::Variant;

const COUNTER: &str = "lib/shop/counter.ex";
const CART: &str = "lib/shop/cart.ex";
const TEXT: &str = "lib/shop/text.ex";
const ANOTHER_LABEL: (&str, &str) = ("count: ", "number: ");

fn judged(old: &Variant, new: &Variant) -> Judged {
    Pair::of(old, new).judge()
}

/// Asserts that a pair is refused both ways for a reason of that kind, and returns the first one's detail.
fn refused(old: &Variant, new: &Variant, kind: Kind) -> String {
    let judged = judged(old, new);
    let reasons = against(&judged, kind);
    assert_eq!(answers(&judged), (NotSafe, NotSafe), "{}", shown(&judged));
    assert!(
        !reasons.is_empty(),
        "no {}:\n{}",
        kind.name(),
        shown(&judged)
    );
    for reason in &reasons {
        assert!(!reason.remedy.is_empty() && !reason.detail.is_empty());
    }
    reasons[0].detail.clone()
}

fn label_changed() -> Variant {
    Variant::next().replace(TEXT, ANOTHER_LABEL.0, ANOTHER_LABEL.1)
}

#[test]
fn another_erts_otp_or_elixir_is_a_restart() {
    let mut pair = Pair::of(&Variant::base(), &label_changed());
    pair.new.erts = "99.0".to_owned();
    let judged = pair.judge();
    assert_eq!(answers(&judged), (NotSafe, NotSafe));
    assert_eq!(
        against(&judged, Kind::ErtsChanged).len(),
        1,
        "{}",
        shown(&judged)
    );

    for name in ["stdlib", "elixir"] {
        let mut pair = Pair::of(&Variant::base(), &label_changed());
        let mut apps = pair.new.applications.iter_mut();
        apps.find(|app| app.name == name).unwrap().vsn = "99.0".to_owned();
        let judged = pair.judge();
        assert_eq!(answers(&judged), (NotSafe, NotSafe));
        let reason = against(&judged, Kind::RuntimeChanged)[0];
        assert_eq!(reason.place.application.as_deref(), Some(name));
    }
}

#[test]
fn a_native_library_is_loaded_once() {
    let nif = "-module(shop_nif).\n-export([init/0, one/0]).\n-on_load(init/0).\n\
               init() -> erlang:load_nif(\"shop_nif\", 0).\none() -> erlang:nif_error(none).\n";
    let with = |variant: Variant, library: &str, code: &str| {
        variant
            .write("priv/shop_nif.so", library)
            .write("src/shop_nif.erl", code)
    };
    let old = with(Variant::base(), "one", nif);
    let library = with(Variant::next(), "two", nif);
    assert!(refused(&old, &library, Kind::NativeChanged).contains("priv/shop_nif.so"));
    let code = with(
        Variant::next(),
        "one",
        &nif.replace("error(none)", "error(no)"),
    );
    assert!(refused(&old, &code, Kind::NativeChanged).contains("shop_nif"));
}

#[test]
fn an_application_that_starts_on_code_not_loaded_yet_is_not_safe() {
    let stock = |variant: Variant| {
        variant
            .replace("stock/mix.exs", "version: \"1.0.0\"", "version: \"1.0.1\"")
            .replace("stock/lib/stock.ex", "{:ok, 100}", "{:ok, 200}")
    };
    let with = |variant: Variant| till(variant, "deps: [{:stock, path: \"../stock\"}]");
    let added = stock(with(Variant::next()));
    let judged_up = judged(&Variant::base(), &added);
    assert_eq!(answers(&judged_up).0, NotSafe, "{}", shown(&judged_up));
    let reason = against(&judged_up, Kind::ApplicationAdded)[0];
    assert!(reason.detail.contains("stock"), "{}", reason.detail);
    assert_eq!(reason.direction, Some(Direction::Up));

    // The same the other way round: what goes up must come back.
    let removed = judged(&with(Variant::base()), &stock(Variant::next()));
    let reason = against(&removed, Kind::ApplicationRemoved)[0];
    assert_eq!(reason.direction, Some(Direction::Down));
}

/// The shop with an application `till` of its own processes beside it.
pub(crate) fn till(variant: Variant, keywords: &str) -> Variant {
    variant
        .replace("mix.exs", "{:stock, path: \"stock\"}", "{:stock, path: \"stock\"}, {:till, path: \"till\"}")
        .write(
            "till/mix.exs",
            &format!(
                "defmodule Till.MixProject do\n  use Mix.Project\n  \
                 def project, do: [app: :till, version: \"1.0.0\", {keywords}]\n  \
                 def application, do: [extra_applications: [:logger], mod: {{Till, []}}]\nend\n"
            ),
        )
        .write(
            "till/lib/till.ex",
            "defmodule Till do\n  use Application\n\n  @impl true\n  def start(_type, _args),\n    \
             do: Supervisor.start_link([Till.Drawer], strategy: :one_for_one, name: Till.Supervisor)\nend\n\n\
             defmodule Till.Drawer do\n  use GenServer\n\n  \
             def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)\n\n  \
             @impl true\n  def init(_), do: {:ok, 0}\n\n  \
             @impl true\n  def handle_call(:open, _from, times), do: {:reply, times, times + 1}\nend\n",
        )
}

#[test]
fn a_protocol_that_trades_implementations_is_not_safe() {
    let new = Variant::next().replace(
        "lib/shop/price.ex",
        "for: Integer do\n  def cents(number), do: number",
        "for: Atom do\n  def cents(_), do: 0",
    );
    assert!(refused(&Variant::base(), &new, Kind::ProtocolChanged).contains("Shop.Price"));
}

#[test]
fn other_content_under_the_same_version_is_not_safe() {
    let kind = Kind::VersionUnchanged;
    let same = Variant::base().replace(TEXT, ANOTHER_LABEL.0, ANOTHER_LABEL.1);
    refused(&Variant::base(), &same, kind);
    // OTP takes the dependency for unchanged, and the old code stays.
    let dependency = Variant::next().replace("stock/lib/stock.ex", "{:ok, 100}", "{:ok, 200}");
    let detail = refused(&Variant::base(), &dependency, kind);
    assert!(detail.contains("stock 1.0.0"), "{detail}");
}

#[test]
fn environment_written_at_run_time_is_lost() {
    let writes = |variant: Variant| {
        variant.replace(
            CART,
            "def init(_), do: {:ok, %Shop.Cart{}}",
            "def init(_) do\n    Application.put_env(:shop, :opened, true)\n    {:ok, %Shop.Cart{}}\n  end",
        )
    };
    let new = writes(label_changed());
    let judged = judged(&writes(Variant::base()), &new);
    let reason = against(&judged, Kind::EnvironmentWritten)[0];
    assert_eq!(reason.place.module.as_deref(), Some("Elixir.Shop.Cart"));
    assert_eq!(answers(&judged), (NotSafe, NotSafe));
}

#[test]
fn other_configuration_is_not_seen_by_who_has_read_it() {
    let base = Variant::base();
    let kind = Kind::ConfigChanged;
    let value = label_changed().replace("config/config.exs", "welcome", "hello");
    assert!(refused(&base, &value, kind).contains("greeting"));
    let default = label_changed().replace("mix.exs", "mod: {", "env: [size: 1], mod: {");
    assert!(refused(&base, &default, kind).contains("size"));
    let computed = label_changed().write("config/runtime.exs", "import Config\n");
    refused(&base, &computed, kind);

    // An application that is told of it says itself what it makes of it.
    let told = |variant: Variant| {
        variant.replace(
            "lib/shop/application.ex",
            "  @impl true\n",
            "  @impl true\n  def config_change(_changed, _new, _removed), do: :ok\n\n  @impl true\n",
        )
    };
    let judged = judged(&told(Variant::base()), &told(value));
    assert!(against(&judged, kind).is_empty(), "{}", shown(&judged));
}

#[test]
fn files_of_priv_are_noted() {
    let new = Variant::next().write("priv/notice.txt", "v2\n");
    let judged = judged(&Variant::base(), &new);
    let mut reasons = judged.verdict.reasons.iter();
    let note = reasons
        .find(|reason| reason.kind == Kind::PrivChanged)
        .unwrap();
    assert_eq!(note.severity, Severity::Note);
    assert!(note.detail.contains("priv/notice.txt"), "{}", note.detail);
}

#[test]
fn a_function_renamed_across_modules_is_missing_for_a_moment() {
    let new = Variant::next()
        .replace(TEXT, "def label", "def caption")
        .replace(COUNTER, "Shop.Text.label", "Shop.Text.caption");
    let detail = refused(&Variant::base(), &new, Kind::CallWindow);
    assert!(detail.contains("Shop.Counter calls Shop.Text."), "{detail}");
}

#[test]
fn stripped_releases_are_not_judged_safe() {
    let stripped =
        |variant: Variant| variant.replace("mix.exs", "strip_beams: false", "strip_beams: true");
    let new = stripped(Variant::next()).replace(COUNTER, "state.count + 1", "state.count + 2");
    let detail = refused(&stripped(Variant::base()), &new, Kind::Unseen);
    assert!(detail.contains("Shop.Counter"), "{detail}");
}
