"""The E4 streaming server's side of the protocol: what was written for the E4 goes on with any source."""

from somatone.sinks.e4_service.sink import E4ServiceSink

__all__ = ["E4ServiceSink"]
