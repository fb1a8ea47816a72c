//! Databases and users, made and dropped.

use lockgate_core::Secret;
use lockgate_core::ports::StoreError;
use lockgate_store::{AdminError, Created, DatabaseUrl, Dropped, create_database, drop_database};
use lockgate_testkit::Postgres;

use crate::support::connect;

const ADMIN: &str = "postgres";

fn url(server: &Postgres, user: &str, password: &str, database: &str) -> String {
    format!(
        "postgresql://{user}:{password}@127.0.0.1:{}/{database}",
        server.port()
    )
}

async fn create(url: &str) -> Result<Created, AdminError> {
    let url = DatabaseUrl::parse(url).unwrap();
    create_database(&url, ADMIN, &Secret::new("postgres")).await
}

async fn destroy(url: &str) -> Result<Dropped, AdminError> {
    let url = DatabaseUrl::parse(url).unwrap();
    drop_database(&url, ADMIN, &Secret::new("postgres")).await
}

#[tokio::test]
async fn a_database_is_made_used_and_dropped() {
    let server = Postgres::shared();
    // What charts splice in as it is.
    let url = url(server, "lock\"gate", "p@ss/w:ord#%41'\"", "Lock-gate's");
    let made = Created {
        user: true,
        database: true,
    };
    assert_eq!(create(&url).await.unwrap(), made);
    let again = Created {
        user: false,
        database: false,
    };
    assert_eq!(create(&url).await.unwrap(), again);
    // The owner may make its tables, and an open connection does not keep the database.
    let store = connect(&url);
    store.migrate().await.unwrap();
    store.ping().await.unwrap();
    let gone = Dropped {
        user: true,
        database: true,
    };
    assert_eq!(destroy(&url).await.unwrap(), gone);
    let nothing = Dropped {
        user: false,
        database: false,
    };
    assert_eq!(destroy(&url).await.unwrap(), nothing);
    assert!(matches!(
        store.ping().await,
        Err(StoreError::Away(_) | StoreError::Refused(_))
    ));
}

#[tokio::test]
async fn a_password_is_brought_to_what_the_url_says() {
    let server = Postgres::shared();
    create(&url(server, "changing", "old", "changing"))
        .await
        .unwrap();
    create(&url(server, "changing", "new", "changing"))
        .await
        .unwrap();
    connect(&url(server, "changing", "new", "changing"))
        .ping()
        .await
        .unwrap();
    let old = connect(&url(server, "changing", "old", "changing"))
        .ping()
        .await;
    assert!(matches!(old, Err(StoreError::Refused(_))), "{old:?}");
}

#[tokio::test]
async fn a_user_who_owns_something_else_stays() {
    let server = Postgres::shared();
    create(&url(server, "shared", "p", "first")).await.unwrap();
    create(&url(server, "shared", "p", "second")).await.unwrap();
    let gone = Dropped {
        user: false,
        database: true,
    };
    assert_eq!(
        destroy(&url(server, "shared", "p", "first")).await.unwrap(),
        gone
    );
    connect(&url(server, "shared", "p", "second"))
        .ping()
        .await
        .unwrap();
}

#[tokio::test]
async fn the_servers_own_is_never_dropped() {
    let server = Postgres::shared();
    for (user, database) in [("u", "postgres"), ("u", "template1"), ("postgres", "d")] {
        let refused = destroy(&url(server, user, "postgres", database)).await;
        assert!(
            matches!(refused, Err(AdminError::Protected(_))),
            "{user} {database}"
        );
    }
    assert!(matches!(
        destroy("sqlite:file.db").await,
        Err(AdminError::File(_))
    ));
}

#[tokio::test]
async fn who_may_not_is_told_so() {
    let server = Postgres::shared();
    let there = DatabaseUrl::parse(&url(server, "u", "p", "d")).unwrap();
    let wrong = create_database(&there, ADMIN, &Secret::new("hush"))
        .await
        .unwrap_err();
    assert!(
        matches!(wrong, AdminError::Administrator(StoreError::Refused(_))),
        "{wrong:?}"
    );
    assert!(!wrong.to_string().contains("hush"), "{wrong}");
}
