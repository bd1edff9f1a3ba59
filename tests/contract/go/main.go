// Calls ListInstanceModel with the vendor's generic client for Go: a job a line on stdin, its outcome a line on stdout.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
)

type job struct {
	Config map[string]string `json:"config"`
	Query  map[string]string `json:"query"`
}

type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

type outcome struct {
	Body  any      `json:"body,omitempty"`
	Error *failure `json:"error,omitempty"`
}

var params = &utils.Params{
	Action:      tea.String("ListInstanceModel"),
	Version:     tea.String("2022-06-01"),
	Protocol:    tea.String("HTTP"),
	Pathname:    tea.String("/api/v1/instances/rpc/listInstanceModel"),
	Method:      tea.String("GET"),
	AuthType:    tea.String("AK"),
	Style:       tea.String("ROA"),
	ReqBodyType: tea.String("json"),
	BodyType:    tea.String("json"),
}

func call(given job) outcome {
	config := &utils.Config{
		Endpoint:        tea.String(given.Config["endpoint"]),
		AccessKeyId:     tea.String(given.Config["accessKeyId"]),
		AccessKeySecret: tea.String(given.Config["accessKeySecret"]),
		Protocol:        tea.String("http"),
		RegionId:        tea.String("cn-hangzhou"),
	}
	if token := given.Config["securityToken"]; token != "" {
		config.SecurityToken = tea.String(token)
	}
	client, err := openapi.NewClient(config)
	if err != nil {
		return outcome{Error: failureOf(err)}
	}
	request := &utils.OpenApiRequest{Query: map[string]*string{}}
	for name, value := range given.Query {
		request.Query[name] = tea.String(value)
	}
	answer, err := client.CallApi(params, request, &dara.RuntimeOptions{})
	if err != nil {
		return outcome{Error: failureOf(err)}
	}
	return outcome{Body: answer["body"]}
}

func failureOf(err error) *failure {
	var sdkError *tea.SDKError
	if errors.As(err, &sdkError) {
		return &failure{tea.StringValue(sdkError.Code), tea.StringValue(sdkError.Message), tea.IntValue(sdkError.StatusCode)}
	}
	return &failure{Message: err.Error()}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	encoder := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var given job
		if err := json.Unmarshal(lines.Bytes(), &given); err != nil {
			panic(err)
		}
		if err := encoder.Encode(call(given)); err != nil {
			panic(err)
		}
	}
}
