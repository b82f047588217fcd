# Two stages: the first has uv and writes the environment, the second has only the environment.
FROM python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254 AS build

# The environment's Python is the image's, which the second stage has at the same path.
ENV UV_PROJECT_ENVIRONMENT=/opt/log-agent \
    UV_PYTHON=/usr/local/bin/python3.12 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /src

# uv is a dependency like the others: its version and hashes are read from uv.lock, not said twice.
COPY pyproject.toml uv.lock ./
RUN python -c "import tomllib; \
uv = next(p for p in tomllib.load(open('uv.lock', 'rb'))['package'] if p['name'] == 'uv'); \
print('uv==' + uv['version'], *('--hash=' + wheel['hash'] for wheel in uv['wheels']))" >uv.txt \
 && python -m pip install --no-cache-dir --only-binary :all: --require-hashes -r uv.txt

# Dependencies first, for a change of the code leaves this layer as it is. Wheels only: what a source
# distribution needs to be built comes without a hash. A third of it nobody ever reads: the packages'
# own tests, and what boto3 knows of services other than S3 and the logins to it.
RUN uv sync --locked --no-dev --no-install-project --no-build --no-cache --compile-bytecode \
 && find /opt/log-agent -type d -name tests -prune -exec rm -r {} + \
 && find /opt/log-agent/lib/python3.12/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d \
        ! -name s3 ! -name sts ! -name 'sso*' -exec rm -r {} +

# `entrypoint/action.yml` is a link to the first.
COPY action.yml README.md LICENSE ./
COPY entrypoint entrypoint
RUN uv sync --locked --no-dev --no-editable --no-cache --compile-bytecode


FROM python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254

LABEL org.opencontainers.image.title="log-agent" \
      org.opencontainers.image.description="Takes an AI agent from a commit to Unity Catalog" \
      org.opencontainers.image.licenses="Apache-2.0"

# Under this account, found by its name, the program runs the agent and what is built from source: no
# home, no shell, no group but its own. No program of the base changes accounts. pip goes, for uv is
# what installs packages here. The base comes without the standard library's bytecode, which the
# account couldn't write: every agent would compile it anew.
RUN groupadd --gid 65532 log-agent \
 && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin --no-log-init log-agent \
 && find / -xdev -perm /6000 -type f -exec chmod a-s {} + \
 && python -m pip uninstall --yes --no-cache-dir pip \
 && python -m compileall -q -x '/(ensurepip|idlelib|lib2to3|pydoc_data|tkinter|turtledemo)/' \
        /usr/local/lib/python3.12

COPY --from=build /opt/log-agent /opt/log-agent

# Where environments and models are made. A volume: writable where the image is mounted read-only, and
# unlike a tmpfs on /tmp, which Docker mounts `noexec`, a place to load compiled packages from.
ENV TMPDIR=/var/tmp
VOLUME /var/tmp

# The program itself is root, as GitHub's runner demands of a container action: no USER.
# -I: the checkout, where it starts, is never on sys.path. -u: a killed job's log ends where the
# program did (PYTHONUNBUFFERED would be ignored under -I).
ENTRYPOINT ["/opt/log-agent/bin/python", "-I", "-u", "-m", "entrypoint"]
