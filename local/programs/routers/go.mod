module api-observability.local/programs/routers

go 1.25.0

require (
	istio.io/api v1.31.1
	sigs.k8s.io/gateway-api v1.5.1
)
