"""Fixed scenarios and the figures they give: docs/performance.md."""
