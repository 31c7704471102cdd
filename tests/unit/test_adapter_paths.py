"""The label `path` of the adapter: templates, never what a client wrote."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legacy_php_adapter.paths import OTHER, Paths, WrongRouteError, checked_route

ROUTES = ("/", "/users", "/users/{id}", "/users/me", "/users/{id}/posts/{post}", "/assets/{file:path}", "/{page}/print")


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/", "/"),
        ("/users", "/users"),
        ("/users/", "/users"),
        ("//users", "/users"),
        ("/users/12", "/users/{id}"),
        ("/users/kim", "/users/{id}"),
        ("/users/me", "/users/me"),
        ("/users/12/posts/a\nb", "/users/{id}/posts/{post}"),
        ("/assets/css/a/b.css", "/assets/{file:path}"),
        ("/users/print", "/users/{id}"),
        ("/about/print", "/{page}/print"),
    ],
)
def test_a_configured_path_counts_under_its_template(path: str, template: str) -> None:
    assert Paths(ROUTES, learned=0).template(path, works=False) == template


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/courses/2026/11/22", "/courses/{id}/{id}/{id}"),
        ("/a/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/a/{id}"),
        ("/a/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/a/{id}"),
        ("/article-123.html", "/article-{id}.html"),
        ("/app.3f2a9c1b.js", "/app.{id}.js"),
        ("/index2.php", "/index2.php"),
        ("/v1/feedback", "/v1/feedback"),
        ("/a/user@example.com", "/a/{id}"),
        ("/a/강의", "/a/{id}"),
        (f"/a/{'x' * 49}", "/a/{id}"),
    ],
)
def test_what_tells_single_things_apart_is_folded(path: str, template: str) -> None:
    assert Paths((), learned=1).template(path, works=True) == template


def test_a_path_has_a_name_once_it_has_worked() -> None:
    paths = Paths((), learned=10)
    assert paths.template("/courses/1", works=False) == OTHER
    assert paths.template("/courses/2", works=True) == "/courses/{id}"
    assert paths.template("/courses/3", works=False) == "/courses/{id}"


def test_beyond_its_bound_every_new_path_is_other() -> None:
    paths = Paths(("/users",), learned=2)
    found = [paths.template(f"/page-{letter}", works=True) for letter in "abcd"]
    assert found == ["/page-a", "/page-b", OTHER, OTHER]
    assert paths.template("/users", works=True) == "/users"


def test_a_very_deep_path_is_other() -> None:
    assert Paths((), learned=10).template("/a/b/c/d/e/f/g/h/i", works=True) == OTHER


@given(st.lists(st.tuples(st.text(max_size=30), st.booleans()), max_size=60))
def test_no_paths_whatever_make_more_names_than_allowed(requests: list[tuple[str, bool]]) -> None:
    paths = Paths(("/users/{id}",), learned=5)
    names = {paths.template(f"/{path}", works=works) for path, works in requests}
    assert len(names - {"/users/{id}", OTHER}) <= 5
    assert all(name == OTHER or re.fullmatch(r"(/[A-Za-z0-9._~{}-]*)+", name) for name in names)


@pytest.mark.parametrize("route", ["users", "", 5, "/a b", "/a?b", "/a/x{id}", "/a/{id", "/a/{}", "/{all:path}/more"])
def test_what_is_no_template_is_refused(route: object) -> None:
    with pytest.raises(WrongRouteError):
        checked_route(route)
