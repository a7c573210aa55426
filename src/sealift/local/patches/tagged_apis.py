"""Tags of REST APIs: the emulator keeps them, but its policies never see them."""

from collections.abc import Iterator


def tagged_apis() -> None:
    """Let `aws:ResourceTag/…` be known of a REST API."""
    from ministack.services import tagging

    def collect() -> Iterator[tuple[str, list[dict[str, str]]]]:
        from ministack.services import apigateway_v1

        for arn, tags in apigateway_v1._v1_tags.items():
            yield arn, [{"Key": key, "Value": value} for key, value in tags.items()]

    tagging._RESOURCE_TAG_COLLECTORS["apigateway"] = collect
