"""The second process of a check: its task from standard input, its answer to standard output."""

from lienthong.checking.aside import answer_task

if __name__ == "__main__":
    answer_task()
