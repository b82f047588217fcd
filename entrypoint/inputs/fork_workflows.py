"""How strangers' pull requests are previewed: one workflow has their code, another a token.

https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/
"""

# Untrusted code and a token that writes never meet in one job.
TWO_WORKFLOWS = """\
    # .github/workflows/preview.yml: builds their code, without secrets
    name: preview
    on: pull_request
    jobs:
      preview:
        runs-on: ubuntu-latest
        permissions:
          contents: read
        steps:
          - uses: actions/checkout@v7
          - uses: org/log-agent@v1
            with:
              agent-path: agents/support/agent.py
              report-path: report
          - uses: actions/upload-artifact@v7
            if: always()
            with:
              name: report
              path: report

    # .github/workflows/comment.yml: comments, and runs none of their code
    name: comment
    on:
      workflow_run:
        workflows: [preview]
        types: [completed]
    jobs:
      comment:
        runs-on: ubuntu-latest
        permissions:
          actions: read
          pull-requests: write
        steps:
          - uses: actions/download-artifact@v8
            continue-on-error: true # a run that was cancelled has no report, which is said too
            with:
              name: report
              path: report
              run-id: ${{ github.event.workflow_run.id }}
              github-token: ${{ github.token }}
          - uses: org/log-agent@v1
            with:
              mode: comment
              report-path: report"""
