"""What tests share: waiting, brokers and services that really run. No test is collected from here."""

import pytest

pytest.register_assert_rewrite("tests.support.api_facts", "tests.support.consumer_facts")
