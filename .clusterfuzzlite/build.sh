#!/bin/bash -eu
# Hands the harnesses of fuzz/targets to ClusterFuzzLite, with the files that they judge by and begin with.
pip3 install '.[fuzz]'
for harness in fuzz/targets/*.py; do
  name=$(basename "$harness" .py)
  compile_python_fuzzer "$harness" --add-data corpus:corpus
  find "corpus/$name" -path '*/good/*.bin' -print0 | xargs -0 zip -q -j "$OUT/${name}_seed_corpus.zip"
done
