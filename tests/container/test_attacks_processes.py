"""Whatever the agent does to its processes, the job ends by its deadline, and says why."""

import pytest

from tests.container.attacks import agent
from tests.container.test_attacks_survivors import CHAIN
from tests.container.victim import Victim

pytestmark = pytest.mark.exhaustive

# A tracer keeps a process that has been ended from being reaped for as long as it lives; behind
# sleeping ancestors it lives longer than what it traces.
TRACE = """
PTRACE_SEIZE, PTRACE_INTERRUPT, PR_SET_PTRACER = 0x4206, 0x4207, 0x59616D61
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

def seize(*processes):
    for process in processes:
        note("seized", libc.ptrace(PTRACE_SEIZE, process, None, None))
        libc.ptrace(PTRACE_INTERRUPT, process, None, None)
    time.sleep(3600)

libc.prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
"""
ATTACKS = {
    "stops itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "stops the worker": "os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(3600)",
    "traces itself": f"{CHAIN}{TRACE}\nmine = os.getpid()\nchain(5, lambda: seize(mine))\n"
    "time.sleep(3600)",
    "traces the worker": f"{CHAIN}{TRACE}\nworker = os.getppid()\nmine = os.getpid()\n"
    "chain(5, lambda: seize(worker, mine))\ntime.sleep(3600)",
    "forks without an end": """
while True:
    try:
        if not os.fork():
            os.setsid()
    except OSError:
        time.sleep(0.1)
""",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_job_ends_by_its_deadline(victim: Victim, attack: str) -> None:
    victim.check_out(agent(f"note('began')\n{ATTACKS[attack]}\n"))

    # Longer where the machine is too slow to come to the attack in so little time.
    for minutes in ("0.3", "2.5"):
        step = victim.run({"timeout-minutes": minutes}, options=["--pids-limit=300"])
        if victim.noted():
            break

    assert "began" in victim.noted()
    assert step.status == 1
    assert step.commands("error")
    assert "Traceback (most recent call last)" not in step.log
