//! What the walk finds wrong.

/// One thing wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The instruction, counted from 0; `None` for what is seen only at the end.
    pub index: Option<usize>,
    /// What is wrong.
    pub kind: Kind,
    /// The application, where it is about one.
    pub application: Option<String>,
    /// The module, where it is about one.
    pub module: Option<String>,
    /// What would happen on the node.
    pub detail: String,
}

impl Finding {
    /// What would make it right.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.kind.remedy()
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $remedy:literal,)*) => {
        /// What is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What would make it right, in general.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

kinds! {
    // The frame of a script.
    /// There is no point of no return.
    PointOfNoReturnMissing => "put one point_of_no_return after the object code is read",
    /// There is more than one.
    PointOfNoReturnDoubled => "keep the first point_of_no_return only",
    /// What changes the node stands before the point of no return: it runs at the check and again at the
    /// installation, and a failure after it leaves the node changed.
    BeforePointOfNoReturn => "move the instruction behind point_of_no_return",
    /// Object code is read after the point of no return, where OTP refuses the script.
    ObjectCodeTooLate => "move load_object_code before point_of_no_return",
    /// The emulator restarts before the script is done.
    RestartInTheMiddle => "let the restart be the last instruction",
    /// The emulator restarts: every process and connection of the node ends.
    Restart => "deploy this version by another strategy than hot",
    /// The script waits for other nodes.
    WaitsForNodes => "leave out sync_nodes, or upgrade every node at the same time by hand",

    // Applications and modules.
    /// An application that the other release does not have.
    UnknownApplication => "name an application of the target release",
    /// A module that the application does not have.
    UnknownModule => "name a module of that application in the target release",
    /// An application's version is not the one of the target release.
    WrongVersion => "name the version that the target release has",
    /// An application differs under one version: its directory is one and the same.
    VersionUnchanged => "bump the application's version",
    /// Code is made current that was not read before.
    ObjectCodeNotRead => "read the module by load_object_code before point_of_no_return",
    /// A module is loaded twice: its code before that is purged in between.
    LoadedTwice => "load the module once",
    /// A changed module is left on its old code.
    StaleModule => "load the module, or restart its application",
    /// A module ends on code that is of neither place the target release has it at.
    WrongCode => "load the module from the target release last",
    /// A module of the target release is not there.
    ModuleMissing => "load the module by add_module",
    /// A module that the target release does not have is left.
    ModuleLeft => "remove the module by delete_module",
    /// A module is removed that what stays still calls, or runs on.
    RemovedStillNeeded => "stop what uses the module before it is removed",
    /// A consolidated protocol is not the target release's.
    ProtocolNotConsolidated => "load the protocol from the consolidated directory of the target release",
    /// An application's directory stays that of the old version.
    CodePathStale => "read at least one module of the application by load_object_code",
    /// A module with a native library is replaced under it.
    NativeReplaced => "deploy this version by another strategy than hot",
    /// A module of a directory that the code server protects.
    StickyDirectory => "deploy this version by another strategy than hot",
    /// Modules that call each other are, for a while, of different releases while their processes run.
    MixedVersions => "update both with the dependency stated, so that all are suspended first",

    // Processes.
    /// A process would run on code that its state does not fit.
    StateUnfit => "update the module by {advanced, Extra} with a code_change that converts the state",
    /// A process stays suspended.
    NeverResumed => "resume the module",
    /// Code is changed under a process that must be suspended for it, and is not.
    NotSuspended => "suspend the module's processes before its code is loaded",
    /// `suspend` does not get at a process that must be.
    Unreachable => "supervise the process with its module listed in the child specification",
    /// A child specification says `dynamic` and its process does not answer what modules it has.
    DynamicUnanswered => "list the modules in the child specification",
    /// A process is busy longer than `suspend` waits: it misses its code_change.
    SuspendTimeout => "give the instruction a longer timeout",
    /// A supervisor is suspended while another instruction asks it for its children.
    SupervisorSuspended => "resume the supervisor first",
    /// A call to a suspended process, which never answers.
    WouldHang => "resume the process before it is called",
    /// `resume` without a `suspend` before.
    ResumeWithoutSuspend => "suspend the module before",
    /// `code_change` of processes that are not suspended: nothing happens.
    CodeChangeNotSuspended => "suspend the module before code_change, and resume it after",
    /// `code_change` on the wrong side of the load.
    CodeChangeOrder => "upwards change after the load; downwards before it, but supervisors after it",
    /// `code_change` up on the way down, or the other way.
    CodeChangeMode => "let the mode be the script's direction",
    /// `code_change` a second time.
    CodeChangeTwice => "change each module once",
    /// `code_change` with an argument that it does not know.
    CodeChangeExtra => "give code_change the argument that it expects",
    /// `code_change` that does not exist.
    CodeChangeMissing => "export code_change, or update the module softly",
    /// `code_change` of a process that has ended since it was suspended.
    CodeChangeOfDead => "change the code before the process is stopped, or not at all",
    /// A process stays on old code.
    ProcessOnOldCode => "restart the process, or let it wait in a system loop",
    /// A process is killed because it holds old code.
    PurgeKills => "suspend the process before, or do not purge",
    /// The soft purge before the script fails.
    PurgeRefused => "restart the process that holds old code",
    /// A process of the target release does not run.
    ProcessLost => "start what was stopped",
    /// `stop` without a `start` after it.
    StopWithoutStart => "start the module after its code is loaded",
    /// `start` without a `stop` before it.
    StartWithoutStop => "stop the module before",

    // Supervisors.
    /// A supervisor does not have a child of the target release, or does not run it.
    ChildMissing => "update the supervisor, then apply supervisor:restart_child",
    /// A supervisor still has a child that the target release does not have.
    ChildLeft => "apply supervisor:terminate_child and delete_child",
    /// A supervisor has a child by its old specification.
    ChildOutdated => "update the supervisor, then terminate and restart the child",
    /// A supervisor has its old strategy or intensity.
    FlagsOutdated => "update the supervisor",
    /// A supervisor has its children in another order.
    ChildrenReordered => "update the supervisor after its children are started",
    /// A call names a supervisor or child that is not there, and does nothing.
    UnknownChild => "name a supervisor by its registered name and a child by its id",

    // Applications' lives.
    /// An application of the target release is not started, or not loaded.
    ApplicationNotStarted => "add the application by add_application after those it needs",
    /// An application that the target release does not have still runs, or is loaded.
    ApplicationLeft => "remove the application by remove_application",
    /// An application is started before one that it needs, or before its modules: nothing starts.
    StartedTooEarly => "start the application after those it needs and after its modules are loaded",
    /// An application is stopped or removed while others need it.
    StoppedStillNeeded => "stop those that need the application first",
    /// An application is started in another way than the target release says.
    WrongStartType => "start the application as the target release does",

    // What cannot be followed.
    /// A call of a function that is not there at that moment.
    UndefinedFunction => "load the module before it is called",
    /// A call of which nobody knows what it does.
    OpaqueApply => "leave out the call, or upgrade by hand",
    /// What would tell cannot be seen.
    Unseen => "keep debug information beside the artifact",
}
