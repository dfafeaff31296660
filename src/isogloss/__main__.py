"""``python -m isogloss``, which launchers such as ``accelerate launch -m isogloss`` start."""

from isogloss.cli import main

if __name__ == "__main__":
    main()
