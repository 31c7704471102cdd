"""What every suite shares: Ctrl-C works, however the tests were started.

A shell starts a background job with SIGINT ignored, and children inherit that: tests that interrupt a program would
then wait for ever.
"""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
