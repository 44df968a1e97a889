"""One fixed scenario per figure, or per figures that one run gives. The goals are those of docs/performance.md."""
