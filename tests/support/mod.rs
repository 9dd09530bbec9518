//! What several integration tests share.

#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "no test uses all of it"
)]

/// Every test once for each major of PM2. `$run` takes what the test's function gives: a value, or
/// a future to be waited for.
macro_rules! for_each_major {
    ($run:path: $($test:ident),* $(,)?) => {
        $crate::support::for_each_major!(v7 7, $run, $($test)*);
        $crate::support::for_each_major!(v6 6, $run, $($test)*);
        $crate::support::for_each_major!(v5 5, $run, $($test)*);
        $crate::support::for_each_major!(v4 4, $run, $($test)*);
    };
    ($module:ident $major:literal, $run:path, $($test:ident)*) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    $run(super::$test($major));
                }
            )*
        }
    };
}
pub(crate) use for_each_major;

/// Waits for a future, on a runtime of its own.
pub fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

pub mod fake;
pub mod pm2;
pub mod servers;
pub mod unreach;
