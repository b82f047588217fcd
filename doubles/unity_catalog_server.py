"""Open-source Unity Catalog's own server, from Maven Central."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doubles.programs import program
from doubles.server_process import free_port, serving

# The last one that runs on Java 17.
_VERSION = "0.4.1"
_CACHE = Path("~/.cache/log-agent-tests").expanduser()
_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>log-agent</groupId>
  <artifactId>tests</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.unitycatalog</groupId>
      <artifactId>unitycatalog-server</artifactId>
      <version>{_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""
_HIBERNATE = """\
hibernate.connection.driver_class=org.h2.Driver
hibernate.connection.url=jdbc:h2:file:./etc/db/h2db;DB_CLOSE_DELAY=-1
hibernate.hbm2ddl.auto=update
"""


class NotFetched(Exception):
    """Maven didn't get the server; the message is its own."""


def fetch() -> Path:
    """Let Maven get the server with all that it needs, once; the folder of its jars.

    Raises:
        NotFetched: it couldn't.

    """
    jars = _CACHE / f"unitycatalog-server-{_VERSION}"
    if jars.is_dir():
        return jars
    _CACHE.mkdir(parents=True, exist_ok=True)
    pom = _CACHE / f"{jars.name}.xml"
    pom.write_text(_POM, encoding="utf-8")
    half_made = _CACHE / f"{jars.name}.part"
    done = subprocess.run(
        [
            program("mvn"),
            "--batch-mode",
            "--quiet",
            "-Dstyle.color=never",
            f"--file={pom}",
            "dependency:copy-dependencies",
            f"-DoutputDirectory={half_made}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        # Debian's Maven begins with codes for the terminal even so.
        first = (done.stdout or done.stderr).partition("[ERROR] ")[2].partition("\n")[0]
        raise NotFetched(first.removesuffix(" -> [Help 1]"))
    half_made.rename(jars)
    return jars


@contextmanager
def unity_catalog_server(jars: Path, folder: Path) -> Iterator[str]:
    """Run the server while the block does; its address."""
    configuration = folder / "etc" / "conf"
    configuration.mkdir(parents=True)
    (folder / "models").mkdir()
    (configuration / "server.properties").write_text(
        "server.env=dev\n"
        "server.authorization=disable\n"
        f"storage-root.models={(folder / 'models').as_uri()}\n",
        encoding="utf-8",
    )
    (configuration / "hibernate.properties").write_text(_HIBERNATE, encoding="utf-8")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = "io.unitycatalog.server.UnityCatalogServer"
    argv = [program("java"), "-classpath", f"{jars}/*", server, "-p", str(port)]
    with serving(argv, folder, f"{address}/api/2.1/unity-catalog/catalogs"):
        yield address
