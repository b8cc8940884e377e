//! Calls that take a password: to log in, to connect, to set one.

use std::sync::LazyLock;

use hognose_python::Symbol;
use rustc_hash::FxHashMap;

use crate::matcher::expand;

/// Calls that log in, connect or set a password, with the name and position of the password; `99` where it has no position.
const CALLS: &[(&str, &str, usize)] = &[
    ("smtplib.{SMTP,SMTP_SSL,LMTP}().login", "password", 1),
    ("aiosmtplib.SMTP().login", "password", 1),
    ("aiosmtplib.send", "password", 99),
    (
        "imaplib.{IMAP4,IMAP4_SSL,IMAP4_stream}().login",
        "password",
        1,
    ),
    ("imaplib.{IMAP4,IMAP4_SSL}().login_cram_md5", "password", 1),
    ("poplib.{POP3,POP3_SSL}().pass_", "pswd", 0),
    ("ftplib.{FTP,FTP_TLS}", "passwd", 2),
    ("ftplib.{FTP,FTP_TLS}().login", "passwd", 1),
    ("nntplib.{NNTP,NNTP_SSL}().login", "password", 1),
    (
        "paramiko.{SSHClient,client.SSHClient}().connect",
        "password",
        3,
    ),
    (
        "paramiko.{SSHClient,client.SSHClient}().connect",
        "passphrase",
        99,
    ),
    (
        "paramiko.{Transport,transport.Transport}().connect",
        "password",
        2,
    ),
    (
        "paramiko.{Transport,transport.Transport}().auth_password",
        "password",
        1,
    ),
    ("asyncssh.{connect,create_connection}", "password", 99),
    ("pexpect.pxssh.pxssh().login", "password", 2),
    ("netmiko.{ConnectHandler,ConnLogOnly}", "password", 99),
    (
        "{psycopg2,psycopg,asyncpg,aiopg,pymysql,MySQLdb,mysql.connector,aiomysql,mariadb,pg8000,vertica_python,snowflake.connector,clickhouse_driver,redshift_connector,hdbcli.dbapi,trino.dbapi}.connect",
        "password",
        99,
    ),
    (
        "{pymysql,MySQLdb,aiomysql,mysql.connector}.connect",
        "passwd",
        99,
    ),
    ("{MySQLdb,pymssql}.connect", "password", 2),
    (
        "{oracledb,cx_Oracle}.{connect,create_pool,SessionPool}",
        "password",
        1,
    ),
    ("{asyncpg,aiopg,aiomysql}.create_pool", "password", 99),
    (
        "psycopg2.pool.{SimpleConnectionPool,ThreadedConnectionPool}",
        "password",
        99,
    ),
    (
        "mysql.connector.pooling.MySQLConnectionPool",
        "password",
        99,
    ),
    (
        "sqlalchemy.{URL,engine.URL,engine.url.URL}.create",
        "password",
        2,
    ),
    (
        "{pymongo.MongoClient,pymongo.AsyncMongoClient,motor.motor_asyncio.AsyncIOMotorClient}",
        "password",
        99,
    ),
    (
        "redis.{Redis,StrictRedis,asyncio.Redis,cluster.RedisCluster,ConnectionPool}",
        "password",
        99,
    ),
    ("redis.{Redis,StrictRedis}().auth", "password", 0),
    ("clickhouse_driver.Client", "password", 99),
    ("clickhouse_connect.get_client", "password", 99),
    ("influxdb.InfluxDBClient", "password", 3),
    ("neo4j.basic_auth", "password", 1),
    ("cassandra.auth.PlainTextAuthProvider", "password", 1),
    (
        "pika.{PlainCredentials,credentials.PlainCredentials}",
        "password",
        1,
    ),
    ("kombu.Connection", "password", 2),
    ("paho.mqtt.client.Client().username_pw_set", "password", 1),
    (
        "stomp.{Connection,Connection11,Connection12}().connect",
        "passcode",
        1,
    ),
    ("ldap3.Connection", "password", 2),
    (
        "ldap.{initialize,ldapobject.LDAPObject}().{simple_bind,simple_bind_s,bind_s}",
        "cred",
        1,
    ),
    (
        "requests.auth.{HTTPBasicAuth,HTTPDigestAuth,HTTPProxyAuth}",
        "password",
        1,
    ),
    ("httpx.{BasicAuth,DigestAuth}", "password", 1),
    (
        "aiohttp.{BasicAuth,helpers.BasicAuth,DigestAuthMiddleware}",
        "password",
        1,
    ),
    ("requests_ntlm.HttpNtlmAuth", "password", 1),
    (
        "urllib.request.{HTTPPasswordMgr,HTTPPasswordMgrWithDefaultRealm,HTTPPasswordMgrWithPriorAuth}().add_password",
        "passwd",
        3,
    ),
    ("smb.SMBConnection.SMBConnection", "password", 1),
    (
        "smbclient.{register_session,ClientConfig,open_file,listdir}",
        "password",
        99,
    ),
    (
        "impacket.smbconnection.SMBConnection().login",
        "password",
        1,
    ),
    ("pyVim.connect.{SmartConnect,SmartConnectNoSSL}", "pwd", 4),
    ("exchangelib.Credentials", "password", 1),
    ("praw.Reddit", "password", 99),
    ("keyring.set_password", "password", 2),
    (
        "django.contrib.auth.{models.User,get_user_model()}.objects.{create_user,create_superuser,acreate_user,acreate_superuser}",
        "password",
        2,
    ),
    (
        "django.contrib.auth.{models.User,get_user_model()}().set_password",
        "raw_password",
        0,
    ),
    (
        "django.contrib.auth.{models.User,get_user_model()}.objects.{get,create,first}().set_password",
        "raw_password",
        0,
    ),
    (
        "django.contrib.auth.{authenticate,aauthenticate}",
        "password",
        99,
    ),
    ("django.contrib.auth.hashers.make_password", "password", 0),
    ("werkzeug.security.generate_password_hash", "password", 0),
    ("werkzeug.security.check_password_hash", "password", 1),
    (
        "cryptography.hazmat.primitives.serialization.{load_pem_private_key,load_der_private_key,load_ssh_private_key}",
        "password",
        1,
    ),
    (
        "cryptography.hazmat.primitives.serialization.BestAvailableEncryption",
        "password",
        0,
    ),
    (
        "cryptography.hazmat.primitives.serialization.pkcs12.load_key_and_certificates",
        "password",
        1,
    ),
    (
        "ssl.{SSLContext,create_default_context}().load_cert_chain",
        "password",
        2,
    ),
];

/// Names and positions of passwords, by access path.
pub(crate) type Logins = FxHashMap<Symbol, Vec<(&'static str, Option<usize>)>>;

pub(crate) static LOGINS: LazyLock<Logins> = LazyLock::new(|| {
    let mut map = Logins::default();
    for (paths, name, at) in CALLS {
        for path in expand(paths) {
            map.entry(Symbol::from(path))
                .or_default()
                .push((name, (*at < 99).then_some(*at)));
        }
    }
    map
});
