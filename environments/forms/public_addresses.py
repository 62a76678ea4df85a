"""The forms of public addresses."""

from collections.abc import Sequence
from typing import Any

from django import forms

from environments.forms.accounts import MONO, text_field
from environments.models import Environment

_NOWHERE = "nowhere"
_SELECT = {"class": "form-select"}


class NewAddress(forms.Form):
    """A host name, and the service that it leads to."""

    host = text_field(
        "Host name",
        max_length=253,
        attrs={**MONO, "placeholder": "shop.example.org"},
        help_text="Its DNS entry has to lead to the same ingress as those of the environments.",
    )
    service = forms.ChoiceField(label="Service", widget=forms.Select(_SELECT))

    def __init__(self, *args: Any, services: Sequence[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["service"].choices = [  # type: ignore[attr-defined]
            (f"{member}/{service}", f"{service} of {member}") for member, service in services
        ]

    @property
    def named(self) -> tuple[str, str]:
        """Names of application and service that were chosen."""
        member, _, service = self.cleaned_data["service"].partition("/")
        return member, service


class PublicChoice(forms.Form):
    """Where the public addresses lead."""

    environment = forms.ChoiceField(label="Lead them to", widget=forms.Select(_SELECT))

    def __init__(
        self,
        sent: Any = None,
        *,
        candidates: Sequence[Environment],
        public: Environment | None,
    ) -> None:
        super().__init__(sent, initial={"environment": public.env_id if public else _NOWHERE})
        self._candidates = {one.env_id: one for one in candidates}
        self.fields["environment"].choices = [  # type: ignore[attr-defined]
            *((env_id, _told(one)) for env_id, one in self._candidates.items()),
            (_NOWHERE, "nowhere"),
        ]

    @property
    def chosen(self) -> Environment | None:
        """The environment; None: nowhere."""
        return self._candidates.get(self.cleaned_data["environment"])


def _told(environment: Environment) -> str:
    return f"{environment.name} ({environment.branch}, {environment.get_status_display()})"
