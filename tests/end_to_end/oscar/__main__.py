"""`python -m tests.end_to_end.oscar`: makes the shop in `SHOP_FOLDER`, serves it, prints its port."""

from __future__ import annotations

import os

import django
import waitress

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.end_to_end.oscar.settings"


def main() -> None:
    """Make and serve the shop until the process is ended."""
    django.setup()
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    from tests.end_to_end.oscar.goods import stock

    call_command("migrate", run_syncdb=True, verbosity=0)
    stock()
    call_command("update_index", verbosity=0)
    application = StaticFilesHandler(get_wsgi_application())
    server = waitress.create_server(application, host="127.0.0.1", port=0, threads=8)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main()
