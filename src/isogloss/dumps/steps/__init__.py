"""The stages of a build. A task of a stage writes a folder of its own, whole or not at all."""
