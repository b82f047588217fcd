from entrypoint.registry.publish.earlier_versions import with_commit

OLD, NEW = "a" * 40, "b" * 40


def test_the_newest_commit_comes_first() -> None:
    assert with_commit({}, OLD) == OLD
    assert with_commit({"git_commits": OLD}, NEW) == f"{NEW} {OLD}"


def test_a_commit_is_noted_once() -> None:
    assert with_commit({"git_commits": f"{NEW} {OLD}"}, OLD) == f"{NEW} {OLD}"


def test_the_oldest_commits_give_way_where_the_value_ends() -> None:
    commits = ""
    for number in range(40):
        commits = with_commit({"git_commits": commits}, f"{number:040x}")

    assert len(commits) <= 1000
    assert len(commits.split()) == 24
    assert commits.split()[0] == f"{39:040x}"
