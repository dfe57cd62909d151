"""Creates a stack in moto and prints, as JSON, its status, its resources and credentials of each of its roles.

Arguments: endpoint, template file. From then on moto refuses what no policy allows.
"""

import json
import sys
import urllib.request
import warnings

import boto3

endpoint, file = sys.argv[1:]
warnings.simplefilter("ignore")
session = boto3.Session("setup", "setup", region_name="eu-central-1")


def client(service):
    return session.client(service, endpoint_url=endpoint)


# Of a whole deployment moto's CloudFormation knows a third. These parts of it decide who may do what in the archive.
KEPT = ("AWS::KMS::Key", "AWS::S3::Bucket", "AWS::IAM::Role", "AWS::IAM::Policy")

with open(file) as template:
    resources = json.load(template)["Resources"]
kept = {name: resource for name, resource in resources.items() if resource["Type"] in KEPT}


def without_missing(value):
    """References to what is not kept, as ARNs of nothing."""
    if isinstance(value, list):
        return [without_missing(item) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Ref"] and value["Ref"] not in kept and not value["Ref"].startswith("AWS::"):
        return f"arn:aws:missing:eu-central-1:123456789012:{value['Ref']}"
    if list(value) == ["Fn::GetAtt"] and value["Fn::GetAtt"][0] not in kept:
        return f"arn:aws:missing:eu-central-1:123456789012:cluster/{value['Fn::GetAtt'][0]}/1"
    return {name: without_missing(inner) for name, inner in value.items()}


kept = without_missing(kept)
for resource in kept.values():
    if resource["Type"] == "AWS::KMS::Key":
        # moto reads tags of a key in another form than CloudFormation's.
        del resource["Properties"]["Tags"]

formation = client("cloudformation")
formation.create_stack(StackName="tickhouse", TemplateBody=json.dumps({"Resources": kept}), Capabilities=["CAPABILITY_NAMED_IAM"])
stack = formation.describe_stacks(StackName="tickhouse")["Stacks"][0]
created = {
    one["LogicalResourceId"]: {"type": one["ResourceType"], "id": one["PhysicalResourceId"]}
    for one in formation.describe_stack_resources(StackName="tickhouse")["StackResources"]
}
credentials = {}
for name, resource in created.items():
    if resource["type"] == "AWS::IAM::Role":
        arn = client("iam").get_role(RoleName=resource["id"])["Role"]["Arn"]
        given = client("sts").assume_role(RoleArn=arn, RoleSessionName="stage")["Credentials"]
        credentials[name] = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }
# A bucket of somebody else in the same account.
client("s3").create_bucket(
    Bucket="another-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
)
# From the next request on.
urllib.request.urlopen(
    urllib.request.Request(f"{endpoint}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"})
)
print(json.dumps({"status": stack["StackStatus"], "resources": created, "credentials": credentials}))
